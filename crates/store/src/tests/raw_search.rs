//! Looks for a text in every file of a data directory: in the bytes as they stand, in every page and dictionary of every
//! segment decompressed, in every row of them, and in every key of what is added up.

use std::fs::{self, File};
use std::path::Path;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use memchr::memmem;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use crate::traffic::{Part, PartMeta};

/// Where the text was found.
pub(super) fn find(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(find(&path, text));
            continue;
        }
        let mut note = |what: &str| found.push(format!("{}: {what}", path.display()));
        if memmem::find(path.to_string_lossy().as_bytes(), text.as_bytes()).is_some() {
            note("its name");
        }
        // A file may go while it is looked for, but none may come.
        let Ok(content) = fs::read(&path) else { continue };
        if memmem::find(&content, text.as_bytes()).is_some() {
            note("its bytes");
        }
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("parquet") => {
                if in_pages(&path, text) {
                    note("a page");
                }
                if in_rows(&path, text) {
                    note("a row");
                }
            }
            Some("part") if in_keys(&path, text) => note("a key"),
            _ => {}
        }
    }
    found
}

fn in_pages(path: &Path, text: &str) -> bool {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let mut is_found = false;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).unwrap();
        for column in 0..group.num_columns() {
            let mut pages = group.get_column_page_reader(column).unwrap();
            while let Some(page) = pages.get_next_page().unwrap() {
                is_found |= memmem::find(page.buffer(), text.as_bytes()).is_some();
            }
        }
    }
    is_found
}

fn in_rows(path: &Path, text: &str) -> bool {
    let builder =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap());
    let batches = builder.unwrap().build().unwrap();
    batches
        .map(Result::unwrap)
        .any(|batch: RecordBatch| batch.columns().iter().any(|column| holds(column, text)))
}

fn holds(column: &ArrayRef, text: &str) -> bool {
    use arrow_array::cast::AsArray as _;
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().iter().flatten().any(|value| value.contains(text)),
        DataType::Dictionary(..) => holds(column.as_any_dictionary().values(), text),
        DataType::List(_) => holds(column.as_list::<i32>().values(), text),
        _ => false,
    }
}

fn in_keys(path: &Path, text: &str) -> bool {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let number = name.rsplit('-').next().unwrap().parse().unwrap();
    let meta = PartMeta { number, entries: 0, bytes: fs::metadata(path).unwrap().len() };
    let part = Part::new(path.parent().unwrap(), meta);
    let open = part.open().unwrap();
    let mut entries = part.entries(&open);
    let mut is_found = false;
    while entries.advance().unwrap() {
        is_found |= memmem::find(entries.key(), text.as_bytes()).is_some();
    }
    is_found
}
