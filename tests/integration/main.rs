//! Tests that see more than one crate, in one program so that it is linked once. One module each; to add one,
//! add its file and its line here.

mod fuzz;
mod vectors;
mod attacks;
mod flows;
mod races;
mod workspace;
