//! What `certrotd history` prints, in an order that does not depend on which of several steps at once
//! was answered first.

/// What the cells of a row are apart by.
const GAP: &str = "  ";
/// The step of which an entry has several under way at once, one a service.
const SIDE_BY_SIDE: &str = "push ";

/// Each entry's rows stand together and in their order, as those of two entries may mix in any. Pushes of
/// one import run side by side: where neighbours are such, the first row of each stands before the
/// second of any, and those by service. A push is looked for once all are answered, so that this order
/// is the journal's own but for who was first.
pub fn told(printed: &str) -> Vec<String> {
    let mut rows = rows(printed);
    rows.sort_by(|a, b| a.entry.cmp(&b.entry));
    let at_once = |a: &Row, b: &Row| {
        a.entry == b.entry && a.import().is_some_and(|it| b.import() == Some(it))
    };
    for run in rows.chunk_by_mut(at_once) {
        count(run);
        run.sort_by(|a, b| (a.nth, &a.step).cmp(&(b.nth, &b.step)));
    }
    rows.into_iter().flat_map(|row| row.lines).collect()
}

/// One effect: its line, and what is wrapped below it.
struct Row {
    /// Whose it is, where it is anybody's. What is said of the journal as a whole stands last.
    entry: (bool, String),
    step: String,
    /// Which of the rows of its step it is.
    nth: usize,
    lines: Vec<String>,
}

impl Row {
    /// The import whose push this is.
    fn import(&self) -> Option<&str> {
        self.step.strip_prefix(SIDE_BY_SIDE)?.split(' ').next()
    }
}

fn rows(printed: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in printed.lines() {
        match rows.last_mut() {
            Some(row) if line.starts_with(' ') => row.lines.push(line.to_owned()),
            _ => rows.push(row(line)),
        }
    }
    rows
}

fn row(line: &str) -> Row {
    let cells: Vec<_> = line.split(GAP).map(str::trim).filter(|cell| !cell.is_empty()).collect();
    let (entry, step) = match cells.as_slice() {
        [_, whose, step, ..] => ((false, whose.rsplit(' ').next().unwrap_or_default()), *step),
        _ => ((true, ""), ""),
    };
    let entry = (entry.0, entry.1.to_owned());
    Row { entry, step: step.to_owned(), nth: 0, lines: vec![line.to_owned()] }
}

fn count(run: &mut [Row]) {
    for at in 0..run.len() {
        run[at].nth = run[..at].iter().filter(|row| row.step == run[at].step).count();
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    /// Rows of `www`, the time left out: step and end, apart by a bar.
    fn said(steps: &[&str]) -> Vec<String> {
        let row = |step: &&str| format!("TIME  certificate www  {}\n", step.replace('|', "  "));
        told(&steps.iter().map(row).collect::<String>())
    }

    #[test]
    fn who_was_answered_first_does_not_show() {
        let all = [
            "import a|scs1",
            "push scs1 to CDN|done",
            "push scs1 to ELB|done",
            "push scs1 to ELB|seen",
        ];
        let mut other = all;
        other.swap(1, 2);
        assert_eq!(said(&all), said(&other));
        let wrapped = |first: &str, second: &str| {
            told(
                &[first, second]
                    .map(|it| {
                        format!("TIME  certificate www  push scs1 to {it}\n    seen as {it}\n")
                    })
                    .concat(),
            )
        };
        assert_eq!(wrapped("ELB", "WAF"), wrapped("WAF", "ELB"));
        assert_eq!(wrapped("WAF", "ELB")[1], "    seen as ELB");
        let mixed = |names: [&str; 2]| {
            told(&names.map(|it| format!("TIME  certificate {it}  import a  done\n")).concat())
        };
        assert_eq!(mixed(["www", "api"]), mixed(["api", "www"]));
    }

    #[test]
    fn an_order_that_matters_shows() {
        for (right, wrong) in [
            (
                ["push scs1 to ELB|done", "push scs1 to ELB|seen"],
                ["push scs1 to ELB|seen", "push scs1 to ELB|done"],
            ),
            (
                ["import a|scs1", "push scs1 to ELB|done"],
                ["push scs1 to ELB|done", "import a|scs1"],
            ),
            (
                ["push scs2 to ELB|done", "push scs1 to ELB|done"],
                ["push scs1 to ELB|done", "push scs2 to ELB|done"],
            ),
        ] {
            assert_ne!(said(&right), said(&wrong));
        }
        let told = told(
            "TIME  certificate www  push scs1 to ELB  done\nwhat was before TIME is still counted with\n",
        );
        assert!(told[1].starts_with("what was before"), "{told:?}");
    }
}
