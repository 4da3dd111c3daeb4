//! Pairs, bundles and inspections of certificates made here and by OpenSSL.
