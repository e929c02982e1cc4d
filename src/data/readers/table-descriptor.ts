import { z } from "zod";
import { TABLE_FORMATS } from "./table-file.js";

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

/** How a time is written: unix seconds (the default), unix milliseconds, or a date such as 2024-03-01T12:30:00Z. */
export const TIME_UNITS = ["seconds", "milliseconds", "iso"] as const;

/** The descriptor of a plain table: `docs/datasets.md` shows one. */
export const tableDescriptor = z.strictObject({
  name: z.string().min(1).optional(),
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
  /** Sentences that must stand under every table made from the data. */
  notes: z.array(z.string()).optional(),
});

export type TableDescriptor = z.output<typeof tableDescriptor>;
export type InteractionColumns = z.output<typeof interactionColumns>;
