//! Tests that see more than one crate, in one program so that it is linked once. One module each; to add one,
//! add its file and its line here.

mod attacks;
mod flows;
mod fuzz;
mod races;
mod vectors;
mod workspace;
