//! Changes to the configuration's text, as an operator makes them with an editor.

/// Sets `key` to `value` in the table that bears this name, or in `[schedule]`; without a value
/// the key goes.
pub fn set(text: &str, name: &str, key: &str, value: Option<&str>) -> Result<String, String> {
    let begin = format!("name = \"{name}\"");
    let is_begin = |line: &str| line == begin || line == format!("[{name}]");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = lines.iter().position(|line| is_begin(line)).ok_or("there is no such entry")? + 1;
    let length = lines[at..].iter().take_while(|line| !line.starts_with('[')).count();
    let is_key = |line: &String| line.split_once(" = ").is_some_and(|(found, _)| found == key);
    if let Some(old) = lines[at..at + length].iter().position(is_key) {
        lines.remove(at + old);
    } else if value.is_none() {
        return Err("there is no such key".to_owned());
    }
    if let Some(value) = value {
        lines.insert(at, format!("{key} = {value}"));
    }
    Ok(lines.join("\n") + "\n")
}

/// Leaves these entries alone, of all certificates, CAs and switches.
pub fn only(text: &str, names: &[&str]) -> String {
    let wanted = |block: &&String| {
        !is_entry(block) || names.iter().any(|name| block.contains(&format!("name = \"{name}\"\n")))
    };
    blocks(text).iter().filter(wanted).map(String::as_str).collect()
}

/// Lets a certificate be pushed to these services alone.
pub fn pushes(text: &str, name: &str, services: &[&str]) -> String {
    let name = format!("name = \"{name}\"\n");
    let change = |block: String| {
        if !block.contains(&name) {
            return block;
        }
        let bare = block.split("[[certificate.push]]").next().unwrap_or_default();
        let push = |it: &&str| format!("[[certificate.push]]\nservice = \"{it}\"\n");
        bare.to_owned() + &services.iter().map(push).collect::<String>()
    };
    blocks(text).into_iter().map(change).collect()
}

/// Lets a certificate be bound: a push in these lines takes the place of the one to this service.
pub fn binds(text: &str, name: &str, service: &str, lines: &str) -> String {
    const PUSH: &str = "[[certificate.push]]\n";
    let name = format!("name = \"{name}\"\n");
    let service = format!("service = \"{service}\"\n");
    let change = |block: String| {
        if !block.contains(&name) {
            return block;
        }
        let mut parts = block.split(PUSH);
        let bare = parts.next().unwrap_or_default().to_owned();
        let others = parts.filter(|part| !part.starts_with(&service));
        let others = others.map(|part| format!("{PUSH}{part}")).collect::<String>();
        format!("{}\n{others}{PUSH}{service}{lines}", bare.trim_end())
    };
    blocks(text).into_iter().map(change).collect()
}

fn is_entry(block: &str) -> bool {
    block.starts_with("[[")
}

/// The text cut before each table; a certificate's pushes stay with it.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in text.lines() {
        if line.starts_with('[') && line != "[[certificate.push]]" {
            blocks.push(String::new());
        }
        if let Some(block) = blocks.last_mut() {
            *block += &format!("{line}\n");
        }
    }
    blocks
}
