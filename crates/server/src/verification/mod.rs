//! Verification of registrations and decisions.
