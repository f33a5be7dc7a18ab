//! Tests that see more than one crate, in one program so that it is linked once. One module each; to add one,
//! add its file and its line here.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod races;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod workspace;
