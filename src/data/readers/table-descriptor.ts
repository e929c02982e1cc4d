import { z } from "zod";
import { TABLE_FORMATS } from "./table-file.js";
import { TIME_UNITS } from "./times.js";

/** A column's name, or its number from 1 where the file has no header. */
const column = z.union([z.string().min(1), z.int().positive().transform(String)]);

const file = {
  /** Path relative to the descriptor. */
  file: z.string().min(1),
  /** By default told by the file's ending. */
  format: z.enum(TABLE_FORMATS).optional(),
  /** Between the columns of csv and tsv. */
  separator: z.string().min(1).max(4).optional(),
  header: z.boolean().optional(),
  encoding: z.enum(["utf-8", "latin-1"]).optional(),
};

/** Which column of a table of interactions holds what. */
export const interactionColumns = z.strictObject({
  user: column,
  item: column,
  value: column.optional(),
  time: column.optional(),
});

const name = z.string().min(1).optional();
/** Sentences that must stand under every table made from the data. */
const notes = z.array(z.string()).optional();

/** The descriptor of a plain table: `docs/datasets.md` shows one. */
export const tableDescriptor = z.strictObject({
  name,
  interactions: z.strictObject({
    ...file,
    columns: interactionColumns.optional(),
    time_unit: z.enum(TIME_UNITS).optional(),
  }),
  items: z
    .strictObject({
      ...file,
      id: column,
      title: column.optional(),
      texts: z.array(column).optional(),
      categories: z.strictObject({ column, separator: z.string().min(1).optional() }).optional(),
      attributes: z.array(column).optional(),
    })
    .optional(),
  users: z.strictObject({ ...file, id: column, attributes: z.array(column).optional() }).optional(),
  notes,
});

const impressionTable = z
  .strictObject({
    ...file,
    /** 1 for a click, 0 for none. */
    label: column,
    user: column.optional(),
    item: column.optional(),
    time: column.optional(),
    time_unit: z.enum(TIME_UNITS).optional(),
    categories: z.array(column).default([]),
    numbers: z.array(column).default([]),
  })
  .superRefine(({ label, user, item, time, categories, numbers }, context) => {
    const all = [label, user, item, time, ...categories, ...numbers].filter((one) => one !== undefined);
    const twice = all.find((one, n) => all.indexOf(one) !== n);
    if (twice !== undefined)
      context.addIssue({ code: "custom", message: `the column "${twice}" is named twice` });
    if (categories.length + numbers.length === 0)
      context.addIssue({ code: "custom", message: "name at least one column under categories or numbers" });
  });

/** The descriptor of a log of labelled impressions. */
export const impressionDescriptor = z.strictObject({ name, impressions: impressionTable, notes });

export type ImpressionDescriptor = z.output<typeof impressionDescriptor>;
export type TableDescriptor = z.output<typeof tableDescriptor>;
export type InteractionColumns = z.output<typeof interactionColumns>;
