//! Which leaf of a Parquet schema goes to which column of the sink, and how.
//!
//! A leaf that is not repeated is read cell by cell. What repeats (a list, a map, a repeated group) is one
//! column with its outermost field's name, whatever is in it: its nulls and lengths are read from the levels
//! of its first leaf, its contents are not.

use std::collections::BTreeSet;

use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor, Type, TypePtr};

use super::csv::unique;
use super::parquet_cells::Kind;
use super::parquet_nested::Outline;
use super::{ReadReport, RowSink};

/// Characters of a column name that are kept.
const MAX_NAME_CHARS: usize = 128;

/// What becomes of a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// Nothing.
    Nowhere,
    /// Its cells go to a column.
    Cells { column: usize, kind: Kind },
    /// Its levels tell how long the lists of a column are.
    Lists { column: usize, outline: Outline },
}

impl Place {
    pub(super) fn takes_cells(self) -> bool {
        matches!(self, Self::Cells { .. })
    }
}

/// A leaf before the sink has been asked for its column.
enum Wanted {
    Nothing,
    Cells(Kind),
    Lists(Outline),
}

/// The place of each leaf; types that are not profiled are flagged and left out.
pub(super) fn places(schema: &SchemaDescriptor, report: &mut ReadReport, sink: &mut dyn RowSink) -> Vec<Place> {
    let leaves: Vec<(Wanted, String, String)> = wanted(schema, report);
    let names = leaves.iter().filter(|leaf| !matches!(leaf.0, Wanted::Nothing)).map(|leaf| leaf.1.clone());
    let mut names = unique(names.collect(), report).into_iter();
    let mut found = Vec::with_capacity(leaves.len());
    for (wanted, _, type_name) in leaves {
        let mut column = |nested: bool| {
            let name = names.next().unwrap_or_default();
            let column =
                if nested { sink.nested_column(&name, &type_name) } else { sink.column(&name, Some(&type_name)) };
            if column.is_none() {
                let message = "there are more columns than max_columns; the last ones were not profiled";
                report.note("too_many_columns", None, true, message);
            }
            column
        };
        found.push(match wanted {
            Wanted::Nothing => Place::Nowhere,
            Wanted::Cells(kind) => column(false).map_or(Place::Nowhere, |column| Place::Cells { column, kind }),
            Wanted::Lists(outline) => column(true).map_or(Place::Nowhere, |column| Place::Lists { column, outline }),
        });
    }
    found
}

/// What is wanted of each leaf, with the names of its column and of its type.
fn wanted(schema: &SchemaDescriptor, report: &mut ReadReport) -> Vec<(Wanted, String, String)> {
    let mut containers: BTreeSet<(usize, Vec<String>)> = BTreeSet::new();
    let mut found = Vec::with_capacity(schema.num_columns());
    for (index, leaf) in schema.columns().iter().enumerate() {
        if leaf.max_rep_level() > 0 {
            let nesting = Nesting::of(schema.get_column_root(index), leaf);
            // Of all leaves of a list the first one speaks for it.
            let key = |n: &Nesting| (schema.get_column_root_idx(index), leaf.path().parts()[..n.depth].to_vec());
            let first = nesting.filter(|nesting| containers.insert(key(nesting)));
            found.push(first.map_or((Wanted::Nothing, String::new(), String::new()), |nesting| {
                (Wanted::Lists(nesting.outline), cut(&nesting.name), nesting.type_name)
            }));
        } else if let Some(kind) = Kind::of(leaf) {
            found.push((Wanted::Cells(kind), cut(&leaf.path().string()), type_name(leaf)));
        } else {
            report.note("unsupported_column", None, true, "columns are of a type that is not profiled");
            found.push((Wanted::Nothing, String::new(), String::new()));
        }
    }
    found
}

fn cut(name: &str) -> String {
    name.chars().take(MAX_NAME_CHARS).collect()
}

/// The outermost repeated field above a leaf.
struct Nesting {
    /// Steps from the root down to it, itself included.
    depth: usize,
    name: String,
    type_name: String,
    outline: Outline,
}

impl Nesting {
    /// `None` when the path does not lead to a repeated field, which a sound schema does not have.
    fn of(root: &Type, leaf: &ColumnDescriptor) -> Option<Self> {
        let parts = leaf.path().parts();
        let (mut field, mut parent, mut level) = (root, None::<&Type>, 0_i16);
        for depth in 1..=parts.len() {
            match repetition(field) {
                Repetition::REPEATED => return Some(Self::at(leaf, depth, field, parent, level)),
                Repetition::OPTIONAL => level += 1,
                Repetition::REQUIRED => {}
            }
            parent = Some(field);
            field = child(field, parts.get(depth)?)?;
        }
        None
    }

    fn at(leaf: &ColumnDescriptor, depth: usize, repeated: &Type, parent: Option<&Type>, level: i16) -> Self {
        let outline =
            Outline { there: level, max_definition: leaf.max_def_level(), max_repetition: leaf.max_rep_level() };
        let wrapper = parent.map(|parent| (parent, container(parent))).filter(|(_, kind)| *kind != "struct");
        // The repeated field inside a list or map is an artefact of the format without a name of its own.
        let steps = if wrapper.is_some() { depth - 1 } else { depth };
        let name = leaf.path().parts()[..steps].join(".");
        let type_name = match wrapper {
            Some((_, "map")) => format!("map<{}>", inner(repeated)),
            Some(_) if is_element_wrapper(repeated) => format!("list<{}>", inner(repeated)),
            Some(_) => format!("list<{}>", described(repeated)),
            None => format!("repeated<{}>", described(repeated)),
        };
        Self { depth, name, type_name, outline }
    }
}

fn child<'a>(field: &'a Type, name: &str) -> Option<&'a Type> {
    // `get_fields` panics for a field that is no group.
    let fields: &[TypePtr] = if field.is_group() { field.get_fields() } else { &[] };
    fields.iter().find(|field| field.name() == name).map(AsRef::as_ref)
}

fn repetition(field: &Type) -> Repetition {
    let info = field.get_basic_info();
    if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED }
}

/// A group of one field between a list and its elements.
fn is_element_wrapper(repeated: &Type) -> bool {
    repeated.is_group() && repeated.get_fields().len() == 1
}

fn inner(group: &Type) -> String {
    let fields: &[TypePtr] = if group.is_group() { group.get_fields() } else { &[] };
    fields.iter().take(2).map(|field| described(field)).collect::<Vec<_>>().join(", ")
}

fn described(field: &Type) -> String {
    if field.is_primitive() {
        let info = field.get_basic_info();
        let physical = format!("{:?}", field.get_physical_type());
        return annotated(&physical, info.converted_type(), info.logical_type_ref());
    }
    container(field).to_owned()
}

fn container(group: &Type) -> &'static str {
    let info = group.get_basic_info();
    match (info.logical_type_ref(), info.converted_type()) {
        (Some(LogicalType::List), _) | (None, ConvertedType::LIST) => "list",
        (Some(LogicalType::Map), _) | (None, ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE) => "map",
        _ => "struct",
    }
}

/// The declared type as a short name.
fn type_name(leaf: &ColumnDescriptor) -> String {
    annotated(&format!("{:?}", leaf.physical_type()), leaf.converted_type(), leaf.logical_type_ref())
}

fn annotated(physical: &str, converted: ConvertedType, logical: Option<&LogicalType>) -> String {
    let physical = physical.to_ascii_lowercase();
    match (converted, logical) {
        // Types that are younger than the converted ones.
        (ConvertedType::NONE, Some(LogicalType::Uuid)) => format!("{physical} (uuid)"),
        (ConvertedType::NONE, Some(LogicalType::Float16)) => format!("{physical} (float16)"),
        (ConvertedType::NONE, _) => physical,
        (converted, _) => format!("{physical} ({})", format!("{converted:?}").to_ascii_lowercase()),
    }
}
