//! What Support does at the command line (R4, R6, R8).
