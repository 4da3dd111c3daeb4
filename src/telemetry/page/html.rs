//! The page as HTML that a strict reader of XML takes too, in one piece: nothing is fetched for it, by no script.

use super::escape::Escaped;
use super::{Cell, POLICY, Page, Row, Table, Tone, timeline};
use crate::telemetry::metrics::put;

/// How it looks, dark and light, on a wide screen and a narrow one.
const STYLE: &str = include_str!("page.css");
/// How many of those that need a person are named at the top: the tables have them all.
const ALARMS_MAX: usize = 25;

/// The longest text, in characters, that is not broken into lines, where it is no sentence: a moment, a digest.
const WHOLE_MAX: usize = 20;

/// The whole page.
pub fn html(page: &Page) -> String {
    let mut html = String::new();
    let needing = alarms(page).count() + page.faults.len();
    let title = match needing {
        0 => "nothing needs a person".to_owned(),
        1 => "1 needs a person".to_owned(),
        more => format!("{more} need a person"),
    };
    put(
        &mut html,
        format_args!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"color-scheme\" content=\"light dark\"/>\n\
             <title>certrotd: {title}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n",
            heads(&page.tables)
        ),
    );
    put(
        &mut html,
        format_args!(
            "<header>\n<h1>certrotd</h1>\n<p>{} · made at {} by version {}</p>\n</header>\n<main>\n",
            Escaped(&page.source),
            page.now,
            env!("CARGO_PKG_VERSION")
        ),
    );
    persons(&mut html, page, &title);
    if !page.lives.is_empty() {
        html.push_str("<section class=\"timeline\">\n<h2>When they end</h2>\n");
        timeline::draw(&mut html, &page.lives, page.now);
        html.push_str("</section>\n");
    }
    let filled = || page.tables.iter().enumerate().filter(|(_, it)| !it.rows.is_empty());
    filled().for_each(|(number, it)| table(&mut html, number, it));
    if filled().next().is_none() {
        html.push_str("<p class=\"more\">The configuration has no entries.</p>\n");
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

/// The word of a tone in the style.
pub(super) fn word(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Faint => "faint",
        Tone::Good => "good",
        Tone::Near => "near",
        Tone::Bad => "bad",
    }
}

/// Every row that needs a person, with its table.
fn alarms(page: &Page) -> impl Iterator<Item = (&Table, &Row)> {
    let all = page.tables.iter().flat_map(|table| table.rows.iter().map(move |row| (table, row)));
    all.filter(|(_, row)| row.needs_person)
}

fn persons(html: &mut String, page: &Page, title: &str) {
    let count = alarms(page).count();
    if count + page.faults.len() == 0 {
        html.push_str("<p class=\"calm\">Nothing needs a person.</p>\n");
        return;
    }
    put(html, format_args!("<section class=\"alarms\">\n<h2>{title}</h2>\n<ul>\n"));
    for fault in &page.faults {
        put(html, format_args!("<li>{}</li>\n", Escaped(fault)));
    }
    for (table, row) in alarms(page).take(ALARMS_MAX) {
        let text = |cell: Option<&Cell>| cell.map(|it| it.text.clone()).unwrap_or_default();
        let (name, next) = (text(row.cells.first()), text(row.cells.last()));
        put(
            html,
            format_args!("<li><b>{} {}</b> {}</li>\n", table.noun, Escaped(&name), Escaped(&next)),
        );
    }
    html.push_str("</ul>\n");
    if count > ALARMS_MAX {
        let more = count - ALARMS_MAX;
        put(html, format_args!("<p class=\"more\">{more} more stand in the tables.</p>\n"));
    }
    html.push_str("</section>\n");
}

/// On a narrow screen each cell stands in a line of its own, with its head before it.
fn heads(tables: &[Table]) -> String {
    let mut style = "@media (max-width: 70rem) {\n".to_owned();
    for (number, table) in tables.iter().enumerate() {
        for (index, head) in table.head.iter().enumerate().skip(1) {
            let nth = index + 1;
            put(
                &mut style,
                format_args!(
                    ".table{number} td:nth-child({nth})::before {{ content: \"{head}\"; }}\n"
                ),
            );
        }
    }
    style + "}\n"
}

fn table(html: &mut String, number: usize, table: &Table) {
    let Table { title, head, rows, left_out, others, .. } = table;
    let count = rows.len() + left_out;
    put(html, format_args!("<section>\n<h2>{title} <small>{count}</small></h2>\n"));
    put(html, format_args!("<table class=\"table{number}\">\n<thead><tr>"));
    head.iter().for_each(|head| put(html, format_args!("<th scope=\"col\">{head}</th>")));
    html.push_str("</tr></thead>\n<tbody>\n");
    rows.iter().for_each(|it| row(html, it));
    html.push_str("</tbody>\n</table>\n");
    if *left_out > 0 {
        put(html, format_args!("<p class=\"more\">{left_out} {others}.</p>\n"));
    }
    html.push_str("</section>\n");
}

fn row(html: &mut String, row: &Row) {
    html.push_str(if row.needs_person { "<tr class=\"needs\">" } else { "<tr>" });
    for (index, cell) in row.cells.iter().enumerate() {
        let (begin, end) =
            if index == 0 { ("<th scope=\"row\"", "</th>") } else { ("<td", "</td>") };
        let whole = if cell.text.chars().count() <= WHOLE_MAX { " whole" } else { "" };
        let (tone, words) = (word(cell.tone), Escaped(&cell.text));
        put(html, format_args!("{begin} class=\"{tone}{whole}\"><span>{words}"));
        if let Some(left) = cell.left {
            put(
                html,
                format_args!("<span class=\"bar\"><span style=\"width:{left}%\"></span></span>"),
            );
        }
        html.push_str("</span>");
        html.push_str(end);
    }
    html.push_str("</tr>\n");
    if !row.notes.is_empty() {
        let columns = row.cells.len();
        put(html, format_args!("<tr class=\"notes\"><td colspan=\"{columns}\">"));
        row.notes.iter().for_each(|it| put(html, format_args!("<p>{}</p>", Escaped(it))));
        html.push_str("</td></tr>\n");
    }
}
