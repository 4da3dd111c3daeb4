//! Whole files: what is refused and how it is said, what is shipped, and what the disk adds.
