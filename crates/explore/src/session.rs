//! The engine as every question finds it: functions and rules, made once; and the four views, of one asker.

use std::sync::Arc;

use datafusion::catalog::CatalogProviderList as _;
use datafusion::catalog::{
    CatalogProvider as _, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider as _,
};
use datafusion::config::Dialect;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::ending::PauseWhereRowsGrow;
use crate::functions;
use crate::views::{self, Question};

/// Rows of the batches that the engine works on.
pub(crate) const BATCH_ROWS: usize = 8192;
/// The one catalog, and its one schema: what a name is completed with.
const CATALOG: &str = "tidegauge";
const SCHEMA: &str = "public";

/// What all questions share: no tables, no files, no formats.
pub(crate) fn state(partitions: usize) -> SessionState {
    let mut config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false);
    let options = config.options_mut();
    options.sql_parser.dialect = Dialect::PostgreSQL;
    options.sql_parser.collect_spans = true;
    options.execution.time_zone = Some("+00:00".into());
    let tables = SessionStateDefaults::default_table_functions();
    SessionStateBuilder::new()
        .with_config(config)
        .with_expr_planners(functions::planners())
        .with_scalar_functions(functions::scalar())
        .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
        .with_aggregate_functions(functions::aggregates())
        .with_window_functions(SessionStateDefaults::default_window_functions())
        .with_table_function_list(tables)
        .with_physical_optimizer_rule(Arc::new(PauseWhereRowsGrow))
        .build()
}

/// The engine with one asker's views.
pub(crate) fn context(state: &SessionState, question: &Arc<Question>) -> Result<SessionContext> {
    let schema = MemorySchemaProvider::new();
    for (name, table) in views::tables(question) {
        schema.register_table(name.into(), table)?;
    }
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, Arc::new(schema))?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(CATALOG.into(), Arc::new(catalog));
    let context = SessionContext::new_with_state(state.clone());
    context.register_catalog_list(Arc::new(catalogs));
    Ok(context)
}
