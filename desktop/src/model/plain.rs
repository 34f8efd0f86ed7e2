//! Text from strangers, made harmless for a layout: it neither reorders nor overflows what is around it.

/// More marks than this on one letter serve only to paint over the lines above and below.
const MARKS_MAX: usize = 3;
/// More empty lines than this in a row serve only to push others away.
const EMPTY_LINES_MAX: usize = 1;
/// A name on a tile. The server allows 64; one of the first version does not count.
const NAME_CHARS: usize = 64;

/// A name: one line, bounded, never empty.
pub fn plain_name(name: &str) -> String {
    let tame = tame(name.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
    let tame: String = tame.trim().chars().take(NAME_CHARS).collect();
    if tame.is_empty() { "Nameless".to_owned() } else { tame }
}

/// A chat line or a notice: keeps its line breaks, but not a flood of empty ones.
pub fn plain_text(text: &str) -> String {
    let mut lines = Vec::new();
    let mut empty = 0;
    for line in text.trim().lines() {
        let line = tame(line.chars().map(|c| if c == '\t' { ' ' } else { c }));
        empty = if line.trim().is_empty() { empty + 1 } else { 0 };
        if empty <= EMPTY_LINES_MAX {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// One or two letters for a tile without a picture.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    let initials: String = first.into_iter().chain(last).flat_map(char::to_uppercase).take(2).collect();
    if initials.is_empty() { "?".to_owned() } else { initials }
}

fn tame(chars: impl Iterator<Item = char>) -> String {
    let mut marks = 0;
    chars
        .filter(|&c| {
            marks = if is_mark(c) { marks + 1 } else { 0 };
            !reorders_or_hides(c) && marks <= MARKS_MAX
        })
        .collect()
}

/// Controls, and the format characters that change the direction of what follows.
/// The joiners U+200C and U+200D stay: scripts and emoji need them.
fn reorders_or_hides(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The combining blocks that floods are made of.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_never_empty() {
        assert_eq!(plain_name("  Ground\nControl\t1 "), "Ground Control 1");
        assert_eq!(plain_name("\u{202e}\u{200b}\n"), "Nameless");
        assert_eq!(plain_name(&"x".repeat(10_000)).chars().count(), 64);
    }

    #[test]
    fn a_flood_of_marks_is_thinned_and_an_accent_stays() {
        let flood = format!("e{}", "\u{301}".repeat(5_000));
        assert_eq!(plain_name(&flood), "e\u{301}\u{301}\u{301}");
        assert_eq!(plain_text("cafe\u{301}"), "cafe\u{301}");
    }

    #[test]
    fn nothing_reorders_the_line_around_it() {
        assert_eq!(plain_text("abc\u{202e}def\u{2066}ghi"), "abcdefghi");
        assert_eq!(plain_text("👩\u{200d}🚀"), "👩\u{200d}🚀");
    }

    #[test]
    fn a_text_keeps_its_lines_but_no_flood_of_empty_ones() {
        assert_eq!(plain_text("a\r\nb"), "a\nb");
        assert_eq!(plain_text(&format!("a{}b", "\n".repeat(3_000))), "a\n\nb");
    }

    #[test]
    fn initials_come_from_the_first_and_the_last_word() {
        assert_eq!(initials("Major Tom"), "MT");
        assert_eq!(initials("émile du  châtelet"), "ÉC");
        assert_eq!(initials("Zoë"), "Z");
        assert_eq!(initials("???"), "?");
    }
}
