//! Where in a segment one tenant's rows of a span of time stand.
//!
//! Rows are sorted by tenant, then time, so they stand together. The page index says where about; the pages
//! at both ends are read to say where exactly.

use std::ops::Range;

use parquet::file::page_index::column_index::ColumnIndexMetaData;

use super::file::{OpenSegment, Texts};
use crate::error::StoreError;
use crate::read::{self, Labels};

/// Some rows of one row group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowRange {
    pub row_group: usize,
    pub rows: Range<usize>,
}

/// A page's rows, and what it holds at least and at most, if it is known.
struct PageBounds<T> {
    rows: Range<usize>,
    bounds: Option<(T, T)>,
}

impl OpenSegment {
    /// The tenant's rows with an `event_time` in `from..=to`, in the file's order; ranges are not empty.
    pub fn rows_of(&self, tenant: &str, from: i64, to: i64) -> Result<Vec<RowRange>, StoreError> {
        self.guarded(|| self.find_rows(tenant, from, to))
    }

    fn find_rows(&self, tenant: &str, from: i64, to: i64) -> Result<Vec<RowRange>, StoreError> {
        let mut found = Vec::new();
        for row_group in 0..self.metadata().num_row_groups() {
            let rows = self.tenant_rows(row_group, tenant)?;
            let rows = self.time_rows(row_group, rows, from, to)?;
            if !rows.is_empty() {
                found.push(RowRange { row_group, rows });
            }
        }
        Ok(found)
    }

    fn tenant_rows(&self, row_group: usize, tenant: &str) -> Result<Range<usize>, StoreError> {
        let pages = self.pages(row_group, "tenant_id", |index, page| match index {
            ColumnIndexMetaData::BYTE_ARRAY(index) => {
                Some((index.min_value(page)?.to_vec(), index.max_value(page)?.to_vec()))
            }
            _ => None,
        });
        let mut rows = 0..0;
        for PageBounds { rows: page, bounds } in pages {
            // Long ids are cut in the index: equal bounds are exact only when both are the id itself.
            let within = match bounds {
                Some((min, max)) if tenant.as_bytes() < &min[..] || tenant.as_bytes() > &max[..] => continue,
                Some((min, max)) if min == max => page,
                _ => {
                    let batch =
                        self.read_rows(row_group, page.clone(), None, &["tenant_id"], Texts::AsWritten)?;
                    let labels = Labels::of(&batch, "tenant_id")?;
                    let mut of_tenant = (0..batch.num_rows()).filter(|row| labels.get(*row) == tenant);
                    let Some(first) = of_tenant.next() else { continue };
                    let last = of_tenant.next_back().unwrap_or(first);
                    page.start + first..page.start + last + 1
                }
            };
            rows = if rows.is_empty() { within } else { rows.start..within.end };
        }
        Ok(rows)
    }

    fn time_rows(
        &self,
        row_group: usize,
        rows: Range<usize>,
        from: i64,
        to: i64,
    ) -> Result<Range<usize>, StoreError> {
        if rows.is_empty() {
            return Ok(rows);
        }
        let pages = self.pages(row_group, "event_time", |index, page| match index {
            ColumnIndexMetaData::INT64(index) => Some((*index.min_value(page)?, *index.max_value(page)?)),
            _ => None,
        });
        let mut found = 0..0;
        for PageBounds { rows: page, bounds } in pages {
            let page = page.start.max(rows.start)..page.end.min(rows.end);
            if page.is_empty() {
                continue;
            }
            let within = match bounds {
                Some((min, max)) if max < from || min > to => continue,
                Some((min, max)) if min >= from && max <= to => page,
                _ => {
                    let batch =
                        self.read_rows(row_group, page.clone(), None, &["event_time"], Texts::AsWritten)?;
                    let times = read::instants(&batch, "event_time")?;
                    let first = times.partition_point(|time| *time < from);
                    let end = times.partition_point(|time| *time <= to);
                    page.start + first..page.start + end
                }
            };
            if !within.is_empty() {
                found = if found.is_empty() { within } else { found.start..within.end };
            }
        }
        Ok(found)
    }

    /// The pages of a column, with their bounds as `read` finds them.
    fn pages<T>(
        &self,
        row_group: usize,
        column: &str,
        read: impl Fn(&ColumnIndexMetaData, usize) -> Option<(T, T)>,
    ) -> Vec<PageBounds<T>> {
        let metadata = self.metadata();
        let group = metadata.row_group(row_group);
        let end = usize::try_from(group.num_rows()).unwrap_or(0);
        let place = group.columns().iter().position(|chunk| chunk.column_path().string() == column);
        let indexes = place.and_then(|place| {
            let bounds = metadata.column_index()?.get(row_group)?.get(place)?;
            Some((bounds, metadata.offset_index()?.get(row_group)?.get(place)?))
        });
        let Some((bounds, offsets)) = indexes else { return vec![PageBounds { rows: 0..end, bounds: None }] };
        let starts = offsets.page_locations().iter().map(|page| (page.first_row_index as usize).min(end));
        let ends = starts.clone().skip(1).chain([end]);
        let ranges = starts.zip(ends).enumerate();
        ranges
            .map(|(page, (start, end))| PageBounds { rows: start..end, bounds: read(bounds, page) })
            .collect()
    }
}
