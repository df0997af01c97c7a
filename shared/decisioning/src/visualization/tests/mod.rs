//! Dashboards of real and of hostile results.
