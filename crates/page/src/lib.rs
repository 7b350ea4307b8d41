//! The built files of the dashboard and of the API's page, in the binary.
//!
//! Promise: what is served was built from `dashboard/` in this repository; no file is loaded from elsewhere.
