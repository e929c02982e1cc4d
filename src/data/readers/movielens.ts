import { LlmrecError } from "../../core/errors.js";
import type { Dataset } from "../dataset.js";
import { yearOf } from "../film-title.js";
import { findFile, type Source, type SourceFile } from "../source.js";
import { assemble, readInteractions, type InteractionFile } from "./assemble.js";
import { layoutOf, type DelimitedFile, type Wanted } from "./delimited.js";
import { withDatabase, type Cell, type Database } from "../../core/duckdb.js";
import type { Reader } from "./reader.js";
import { itemTable, loadKeyTable, numberColumn, textColumn, userTable, type RawColumns } from "./tables.js";

/** u.item ends with one column of 0 or 1 for each of these. */
const GENRES_100K =
  "unknown|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western".split(
    "|",
  );

/** The occupations that the codes in users.dat of MovieLens 1M stand for, from its README. */
const OCCUPATIONS_1M =
  "other|academic/educator|artist|clerical/admin|college/grad student|customer service|doctor/health care|executive/managerial|farmer|homemaker|K-12 student|lawyer|programmer|retired|sales/marketing|scientist|self-employed|technician/engineer|tradesman/craftsman|unemployed|writer".split(
    "|",
  );

const allThere = (source: Source, names: readonly string[]) =>
  names.every((name) => findFile(source, name) !== undefined);

const openFile = (source: Source, name: string) => source.open(findFile(source, name)!);

const text = (column: string, as = column): Wanted => ({ column, as, type: "VARCHAR" });

/** MovieLens 100K as GroupLens gives it: `u.data` (tabs), `u.item` and `u.user` ("|", Latin-1). */
export const movielens100k: Reader = {
  id: "movielens-100k",
  title: "MovieLens 100K",
  files: "u.data, u.item, u.user",
  matches: (source) => allThere(source, ["u.data", "u.item", "u.user"]),
  async read(source, name) {
    const users = await openFile(source, "u.user");
    const items = await openFile(source, "u.item");
    const data = await openFile(source, "u.data");
    const bar = { separator: "|", quoted: false, encoding: "latin-1" as const };
    return withDatabase(async (database) => {
      const userColumns = await keyTable(
        database,
        "users",
        { file: users, ...bar, names: ["user id", "age", "gender", "occupation", "zip code"] },
        [text("user id", "key"), text("age"), text("gender"), text("occupation"), text("zip code")],
      );
      const itemColumns = await keyTable(
        database,
        "items",
        {
          file: items,
          ...bar,
          names: [
            "movie id",
            "movie title",
            "release date",
            "video release date",
            "IMDb URL",
            ...GENRES_100K,
          ],
        },
        [text("movie id", "key"), text("movie title", "title"), ...GENRES_100K.map((genre) => text(genre))],
      );
      const genres = itemColumns
        .get("key")!
        .map((_, row) => GENRES_100K.filter((genre) => itemColumns.get(genre)![row] === "1"));
      return films(database, name, movielens100k.id, {
        ratings: {
          file: data,
          separator: "\t",
          quoted: false,
          names: ["user id", "item id", "rating", "timestamp"],
          ...{ user: "user id", item: "item id", value: "rating", time: "timestamp" },
        },
        titles: itemColumns.get("title")!,
        genres,
        users: {
          rows: userColumns.get("key")!.length,
          age: userColumns.get("age")!,
          gender: userColumns.get("gender")!,
          occupation: userColumns.get("occupation")!,
          zip_code: userColumns.get("zip code")!,
        },
      });
    });
  },
};

/** MovieLens 1M and 10M: `ratings.dat` and `movies.dat` with "::", and in 1M `users.dat`. */
export const movielensDat: Reader = {
  id: "movielens-dat",
  title: "MovieLens 1M, 10M",
  files: "ratings.dat and movies.dat (and users.dat in 1M)",
  matches: (source) => allThere(source, ["ratings.dat", "movies.dat"]),
  async read(source, name) {
    const ratings = await openFile(source, "ratings.dat");
    const movies = await openFile(source, "movies.dat");
    const people = findFile(source, "users.dat");
    const users = people === undefined ? undefined : await source.open(people);
    const colons = { separator: "::", quoted: false };
    return withDatabase(async (database) => {
      const userColumns =
        users &&
        (await keyTable(
          database,
          "users",
          { file: users, ...colons, names: ["UserID", "Gender", "Age", "Occupation", "Zip-code"] },
          [text("UserID", "key"), text("Gender"), text("Age"), text("Occupation"), text("Zip-code")],
        ));
      const itemColumns = await moviesDat(database, movies);
      return films(database, name, movielensDat.id, {
        ratings: {
          file: ratings,
          ...colons,
          names: ["UserID", "MovieID", "Rating", "Timestamp"],
          ...{ user: "UserID", item: "MovieID", value: "Rating", time: "Timestamp" },
        },
        titles: itemColumns.get("title")!,
        genres: barred(itemColumns),
        users: userColumns && {
          rows: userColumns.get("key")!.length,
          age: userColumns.get("Age")!,
          gender: userColumns.get("Gender")!,
          occupation: userColumns.get("Occupation")!.map((code) => OCCUPATIONS_1M[Number(code)] ?? code),
          zip_code: userColumns.get("Zip-code")!,
        },
      });
    });
  },
};

/** MovieLens 20M, 25M, 32M and latest: `ratings.csv` and `movies.csv`. Users' free tags are not read. */
export const movielensCsv: Reader = {
  id: "movielens-csv",
  title: "MovieLens 20M, 32M, latest-small",
  files: "ratings.csv and movies.csv",
  matches: (source) => allThere(source, ["ratings.csv", "movies.csv"]),
  async read(source, name) {
    const ratings = await openFile(source, "ratings.csv");
    const movies = await openFile(source, "movies.csv");
    const comma = { separator: ",", quoted: true };
    return withDatabase(async (database) => {
      const itemColumns = await keyTable(database, "items", { file: movies, ...comma }, [
        text("movieId", "key"),
        text("title"),
        text("genres"),
      ]);
      return films(database, name, movielensCsv.id, {
        ratings: {
          file: ratings,
          ...comma,
          ...{ user: "userId", item: "movieId", value: "rating", time: "timestamp" },
        },
        titles: itemColumns.get("title")!,
        genres: barred(itemColumns),
      });
    });
  },
};

async function keyTable(
  database: Database,
  target: string,
  file: DelimitedFile,
  wanted: readonly Wanted[],
): Promise<RawColumns> {
  const layout = await layoutOf(
    file,
    wanted.map(({ column }) => column),
  );
  return loadKeyTable(database, target, layout, wanted);
}

/** The titles of 1M are Latin-1, those of 10M UTF-8. */
async function moviesDat(database: Database, file: SourceFile): Promise<RawColumns> {
  const load = (encoding: "utf-8" | "latin-1") =>
    keyTable(
      database,
      "items",
      { file, separator: "::", quoted: false, encoding, names: ["MovieID", "Title", "Genres"] },
      [text("MovieID", "key"), text("Title", "title"), text("Genres", "genres")],
    );
  try {
    return await load("utf-8");
  } catch (error) {
    if (!(error instanceof LlmrecError) || error.code !== "BAD_ENCODING") throw error;
    await database.run("DROP TABLE IF EXISTS items");
    return load("latin-1");
  }
}

function barred(columns: RawColumns): string[][] {
  return columns.get("genres")!.map((cell) => String(cell ?? "").split("|"));
}

interface Films {
  ratings: InteractionFile;
  titles: readonly Cell[];
  genres: readonly (readonly string[])[];
  users?: { rows: number; age: readonly Cell[] } & Record<
    "gender" | "occupation" | "zip_code",
    readonly Cell[]
  >;
}

/** Titles stay as they are published, "Toy Story (1995)"; the year is an attribute besides. */
async function films(database: Database, name: string, reader: string, data: Films): Promise<Dataset> {
  const { titles, genres, users } = data;
  const encoded = await readInteractions(database, data.ratings, { users: users && "users", items: "items" });
  const column = (cells: readonly Cell[]) => textColumn(cells, cells.length);
  return assemble({
    name,
    reader,
    encoded,
    tableRows: { users: users?.rows, items: titles.length },
    users: userTable(
      encoded.users,
      users && {
        age: numberColumn(users.age, users.rows),
        gender: column(users.gender),
        occupation: column(users.occupation),
        zip_code: column(users.zip_code),
      },
    ),
    items: itemTable(encoded.items, {
      titles,
      categories: genres,
      attributes: { year: Float64Array.from(titles, (title) => yearOf(String(title ?? ""))) },
    }),
  });
}
