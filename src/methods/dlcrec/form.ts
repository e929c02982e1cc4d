/** What a place of a list is written with; a form names some of them in braces. */
export interface FormFields {
  readonly title?: string;
  readonly genre?: string;
  /** Counted from 1. */
  readonly place?: number;
}

/** A form with a field cut out, for whoever lets a model write that alone. */
export interface CutForm {
  /** What stands before the field's word. */
  readonly before: string;
  /** The field with the signs that touch it, such as `"{title}"`. */
  readonly field: string;
  readonly after: string;
}

const FIELD = /\{(title|genre|place)\}/g;

/** How one place of a list is written, such as `"{title}"'{genre}'`, and read back. */
export class Form {
  /** @param between - what stands between two places. */
  constructor(
    readonly text: string,
    readonly between: string,
  ) {}

  /** One place in words. A field that the form names and nobody gave stays empty. */
  write(fields: FormFields): string {
    return this.text.replaceAll(FIELD, (_all, name: keyof FormFields) => String(fields[name] ?? ""));
  }

  /** All places of a list in words; places are counted from 1. */
  writeAll(places: readonly FormFields[]): string {
    return places.map((fields, n) => this.write({ place: n + 1, ...fields })).join(this.between);
  }

  /** Every place of this form in a text, in order; anything else in it is passed over. */
  parse(text: string): { title: string; genre: string }[] {
    let at = 0;
    let pattern = "";
    for (const match of this.text.matchAll(FIELD)) {
      pattern += escape(this.text.slice(at, match.index));
      pattern += match[1] === "place" ? "\\d+" : `(?<${match[1]}>.*?)`;
      at = match.index + match[0].length;
    }
    pattern += escape(this.text.slice(at));
    // A place ends where the next begins: a title may hold the form's own signs.
    const border = `(?=\\s*(?:${escape(this.between.trim())}|\\n|$))`;
    const places = text.matchAll(new RegExp(pattern + border, "g"));
    return Array.from(places, ({ groups }) => {
      // A form need not name both.
      const { title = "", genre = "" }: Partial<Record<string, string>> = groups ?? {};
      return { title: title.trim(), genre: genre.trim() };
    });
  }

  /** The form around one of its fields. @throws Error where it has none. */
  around(name: "title" | "genre"): CutForm {
    const mark = `{${name}}`;
    const at = this.text.indexOf(mark);
    if (at < 0) throw new Error(`the form ${this.text} has no ${name}`);
    const until = at + mark.length;
    const from = this.text.slice(0, at).search(/[^\s{}]*$/);
    const to = until + this.text.slice(until).search(/[\s{}]|$/);
    return { before: this.text.slice(0, from), field: this.text.slice(from, to), after: this.text.slice(to) };
  }
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
