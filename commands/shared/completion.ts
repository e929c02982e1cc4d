/** What a shell can complete of a command. */
export interface Completable {
  /** Its words: `datasets list`. */
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletableFlag[];
}

export interface CompletableFlag {
  readonly name: string;
  readonly summary: string;
  /** The values that it takes, where they are few; empty for any other. */
  readonly values: readonly string[];
}

/** A script that completes commands, flags and the values of flags; anything else is a file name. */
export function completionScript(
  shell: "bash" | "zsh" | "fish",
  bin: string,
  commands: readonly Completable[],
): string {
  if (shell === "fish") return fish(bin, commands);
  const script = bash(bin, commands);
  return shell === "bash" ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

/** The words that may follow others: what a command's name goes on with. */
function nextWords(commands: readonly Completable[]): Map<string, Set<string>> {
  const next = new Map<string, Set<string>>();
  for (const { name } of commands) {
    const words = name.split(" ");
    words.forEach((word, at) => {
      const before = words.slice(0, at).join(" ");
      next.set(before, (next.get(before) ?? new Set()).add(word));
    });
  }
  return next;
}

function bash(bin: string, commands: readonly Completable[]): string {
  const next = nextWords(commands);
  const steps = [...next].flatMap(([before, words]) => [...words].map((word) => `"${before} ${word}"`));
  const flags = commands.map(
    ({ name, flags: own }) => `      "${name}") words="${own.map((flag) => `--${flag.name}`).join(" ")}" ;;`,
  );
  const follow = [...next].map(([before, words]) => `      "${before}") words="${[...words].join(" ")}" ;;`);
  const values = commands.flatMap(({ name, flags: own }) =>
    own
      .filter((flag) => flag.values.length > 0)
      .map((flag) => `    "${name} --${flag.name}") words="${flag.values.join(" ")}" ;;`),
  );
  return `_${bin}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
      ${steps.join("|")}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command $prev" in
${values.join("\n")}
  esac
  if [[ -z "$words" && "$cur" == -* ]]; then
    case "$command" in
${flags.join("\n")}
    esac
  elif [[ -z "$words" ]]; then
    case "$command" in
${follow.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _${bin} ${bin}
`;
}

function fish(bin: string, commands: readonly Completable[]): string {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = [
    `function __${bin}_at`,
    `  test (string join ' ' (commandline -opc | string match -v -- '-*')) = "${bin}$argv[1]"`,
    "end",
  ];
  for (const [before, words] of nextWords(commands)) {
    const place = `-n ${quoted(`__${bin}_at '${before === "" ? "" : ` ${before}`}'`)}`;
    for (const word of words) {
      const summary = commands.find(({ name }) => name === [before, word].join(" ").trim())?.summary ?? "";
      lines.push(`complete -c ${bin} ${place} -a ${word}${summary === "" ? "" : ` -d ${quoted(summary)}`}`);
    }
  }
  for (const { name, flags } of commands) {
    const seen = name.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
    for (const flag of flags) {
      const values = flag.values.length === 0 ? "" : ` -x -a ${quoted(flag.values.join(" "))}`;
      lines.push(
        `complete -c ${bin} -n ${quoted(seen.join("; and "))} -l ${flag.name}${values} -d ${quoted(flag.summary)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
