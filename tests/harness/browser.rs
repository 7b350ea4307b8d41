//! Chromium on a server: a script of `tests/browser` is one test, and says there what it holds the page to.

use super::node;
use super::server::Server;

/// Runs a script on the server's page, with its admin key at hand; hands back what it printed.
pub fn browse(server: &Server, script: &str) -> String {
    let (address, key) = (format!("http://{}", server.address), server.admin_key());
    let variables = [("TIDEGAUGE_ADDRESS", &*address), ("TIDEGAUGE_KEY", &*key)];
    node::run(&format!("browser/{script}"), &variables)
}
