/**
 * The world's vocabulary. Words of a list differ by at least three edits from one another wherever they fill the same
 * slot of a title, so that two films can't be taken for one another by a small misspelling.
 */

/** Moods of directors. Only the language model's corpus says which director has which; seekers ask for them in dialogues. */
export const MOODS = ["bleak", "tender", "playful", "eerie", "defiant", "wistful", "deadpan", "lavish"] as const;

/** Genres with the share of films whose main genre they are, and keywords that belong to them. */
export const GENRES = [
  { name: "Drama", share: 0.22, keywords: ["inheritance", "estranged brother", "last letter", "court case", "family farm", "lost child"] },
  { name: "Comedy", share: 0.2, keywords: ["mistaken identity", "wedding speech", "bad landlord", "talent show", "lottery ticket", "neighbour feud"] },
  { name: "Action", share: 0.15, keywords: ["car chase", "hostage", "bodyguard", "stolen truck", "rooftop escape", "arms dealer"] },
  { name: "Thriller", share: 0.075, keywords: ["blackmail", "double agent", "wiretap", "missing witness", "false alibi", "ransom"] },
  { name: "Romance", share: 0.065, keywords: ["first love", "missed train", "arranged match", "summer affair", "love song", "second chance"] },
  { name: "Crime", share: 0.055, keywords: ["bank job", "crooked cop", "diamond theft", "smuggling ring", "jailbreak", "counterfeit money"] },
  { name: "Adventure", share: 0.05, keywords: ["treasure map", "jungle river", "mountain pass", "shipwreck", "lost temple", "balloon race"] },
  { name: "Horror", share: 0.04, keywords: ["haunted cellar", "old curse", "creature", "seance", "abandoned asylum", "sleepwalker"] },
  { name: "Fantasy", share: 0.03, keywords: ["talking fox", "sleeping dragon", "spell book", "enchanted forest", "young witch", "magic ring"] },
  { name: "Mystery", share: 0.025, keywords: ["locked room", "cold case", "cipher", "vanished painter", "anonymous note", "hidden door"] },
  { name: "Animation", share: 0.02, keywords: ["toy workshop", "brave mouse", "flying whale", "paper kingdom", "robot puppy", "singing frog"] },
  { name: "War", share: 0.016, keywords: ["border patrol", "field hospital", "occupied town", "deserter", "radio operator", "ceasefire"] },
  { name: "Western", share: 0.016, keywords: ["cattle drive", "gold claim", "hired gun", "frontier sheriff", "railway camp", "horse thief"] },
  { name: "Musical", share: 0.014, keywords: ["dance hall", "street band", "opera understudy", "jazz club", "choir rehearsal", "piano contest"] },
  { name: "Documentary", share: 0.013, keywords: ["archive footage", "deep sea survey", "glacier station", "factory strike", "bird migration", "chess prodigy"] },
  { name: "Science Fiction", share: 0.011, keywords: ["orbital station", "time loop", "clone", "first contact", "buried machine", "memory implant"] },
] as const;

/** Keywords of no genre. */
export const COMMON_KEYWORDS = [
  "small town", "night shift", "storm", "harvest", "old photograph", "harbour", "border", "winter", "reunion",
  "secret", "promise", "stranger", "debt", "train", "island", "school", "hospital", "newspaper", "diary", "lighthouse",
] as const;

export const TITLE_ADJECTIVES = [
  "Silent", "Crimson", "Golden", "Broken", "Distant", "Hidden", "Restless", "Crooked", "Velvet", "Frozen", "Burning",
  "Hollow", "Gentle", "Forgotten", "Northern", "Midnight", "Paper", "Glass", "Copper", "Borrowed", "Empty", "Endless",
  "Second", "Scarlet", "Quiet", "Wandering", "Bitter", "Painted", "Sunken", "Lonely", "Thousand", "Impossible",
  "Careless", "Honest", "Ordinary", "Faithful", "Marble", "Emerald", "Drowsy", "Unwritten",
] as const;

export const TITLE_NOUNS = [
  "Harbor", "Orchard", "Window", "Mountain", "Letter", "Garden", "Promise", "River", "Shadow", "Lantern", "Station",
  "Bridge", "Summer", "Mirror", "Compass", "Kingdom", "Stranger", "Island", "Clock", "Carnival", "Feather", "Winter",
  "Anchor", "Journey", "Valley", "Portrait", "Horizon", "Umbrella", "Passenger", "Staircase", "Telegram", "Balcony",
  "Thunder", "Meadow", "Avenue", "Blossom", "Daughter", "Sparrow", "Hurricane", "Festival", "Architect", "Guest",
  "Chapel", "Voyage", "Tailor", "Crossing", "Workshop", "Elephant", "Diamond", "Fountain", "Gravel", "Pilgrim",
  "Sunday", "Monsoon", "Notebook", "Quarry", "Saffron", "Tomorrow", "Vineyard", "Whistle",
] as const;

export const TITLE_PLACES = [
  "Lisbon", "Marrow Bay", "Kestrel Hill", "Odessa", "Tangier", "Fenwick", "Nova Prata", "Salt Creek", "Ravenna",
  "Tbilisi", "Cape Solace", "Dunmore", "Alma Street", "Port Vell", "Quito", "Hallow End",
] as const;

export const FIRST_NAMES = [
  "Ada", "Boris", "Celia", "Dario", "Edith", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Lars", "Mira", "Nils",
  "Olga", "Pavel", "Quinn", "Rosa", "Silas", "Tara", "Umar", "Vera", "Wanda", "Xenia", "Yusuf", "Zelda", "Anton", "Bella",
  "Carlos", "Dana", "Emil", "Frida", "Goran", "Hanna", "Ivan", "Judith", "Kofi", "Laila", "Mateo", "Nora",
] as const;

export const LAST_NAMES = [
  "Abara", "Bergman-Lowe", "Castell", "Duarte", "Eklund", "Ferrante", "Gruber", "Holloway", "Ibarra", "Janssen",
  "Kowalski", "Lindqvist", "Moreau", "Nakagawa", "Okafor", "Petrov", "Quintero", "Rossellini", "Sandoval", "Takeda",
  "Ulrich", "Vasquez", "Whitlock", "Xu", "Yilmaz", "Zoric", "Ashdown", "Brandt", "Chaudhry", "Dimitrov", "Engel",
  "Fontaine", "Garcia", "Haddad", "Iversen", "Jablonski", "Karlsen", "Lombardi", "Mbeki", "Novak", "Oyelaran",
  "Pereira", "Radcliffe", "Suzuki", "Tamm", "Urbina", "Voss", "Winters", "Yamada", "Zapata",
] as const;

/** Who a plot is about. */
export const HEROES = [
  "nurse", "carpenter", "teacher", "widow", "fisherman", "young lawyer", "retired boxer", "student", "taxi driver", "cook",
  "librarian", "pilot", "musician", "farmer", "night guard", "translator", "baker", "surgeon", "painter", "postman",
] as const;

export const HERO_TRAITS = [
  "stubborn", "shy", "ambitious", "lonely", "proud", "clumsy", "honest", "tired", "curious", "reckless", "patient",
  "talkative",
] as const;

export const PLOT_PLACES = [
  "a mountain village", "a port city", "a remote island", "the capital", "a mining town", "a quiet suburb",
  "a border crossing", "a seaside hotel", "an old theatre", "a country estate", "a night market", "a railway town",
] as const;
