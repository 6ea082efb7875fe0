//! Aligned columns.

use unicode_width::UnicodeWidthStr as _;

/// Which side of its column a cell keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table on its way to being text. Cells must be safe to show already.
pub(crate) struct Table {
    aligns: Vec<Align>,
    /// The least width of each column.
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        Self {
            aligns: columns.iter().map(|(_, side)| *side).collect(),
            widths: vec![0; columns.len()],
            rows: vec![columns.iter().map(|(name, _)| (*name).to_owned()).collect()],
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Forgets the rows, whose text was shown; later ones keep to their columns.
    pub(crate) fn go_on(&mut self) {
        self.widths = self.fitting();
        self.rows.clear();
    }

    fn fitting(&self) -> Vec<usize> {
        let cells = |column: usize| self.rows.iter().map(move |row| row[column].width());
        let columns = self.widths.iter().enumerate();
        columns
            .map(|(column, least)| cells(column).max().unwrap_or(0).max(*least))
            .collect()
    }

    /// The rows as lines, columns two spaces apart.
    pub(crate) fn text(&self) -> String {
        let widths = self.fitting();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, side), width) in row.iter().zip(&self.aligns).zip(&widths) {
                let pad = " ".repeat(width - cell.width());
                match side {
                    Align::Left => line.extend([cell, pad.as_str(), "  "]),
                    Align::Right => line.extend([pad.as_str(), cell, "  "]),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[("N", Align::Right), ("NAME", Align::Left), ("X", Align::Left)]);
        table.row(vec!["1".into(), "日本".into(), "a".into()]);
        table.row(vec!["10".into(), "b".into(), String::new()]);
        assert_eq!(table.text(), " N  NAME  X\n 1  日本  a\n10  b\n");
        table.go_on();
        assert_eq!(table.text(), "");
        table.row(vec!["2".into(), "c".into(), "d".into()]);
        assert_eq!(table.text(), " 2  c     d\n");
    }
}
