import { type Atom, type Equation, type FlatProgram, isLiteral, type Variable } from "./jaxpr.js";

/** How an output that is a table of added rows is given out: in parts, which the host adds up. */
export interface SplitOutput {
  /** Whether there is a part that is a whole table. */
  readonly dense: boolean;
  /** How many pairs of rows and their numbers follow it. */
  readonly scatters: number;
}

interface Terms {
  readonly dense: Atom[];
  readonly scatters: { rows: Atom; index: Atom }[];
}

/** Whether an equation adds rows into a table of zeros at places along its first axis. */
function addsRows({ primitive, params, inputs }: Equation): boolean {
  const { axis, outDim, op } = params as { axis?: readonly number[]; outDim?: number; op?: string };
  return (
    primitive === "scatter" &&
    op === "add" &&
    axis?.length === 1 &&
    axis[0] === 0 &&
    outDim === 0 &&
    (inputs[1].aval.dtype as string) === "int32"
  );
}

/** The summands of an output: it is followed back through additions of arrays of its own shape. */
function termsOf(output: Atom, made: ReadonlyMap<Atom, Equation>): Terms {
  const terms: Terms = { dense: [], scatters: [] };
  const visit = (atom: Atom): void => {
    const equation = made.get(atom);
    const whole = (input: Atom) => input.aval.shape.join() === output.aval.shape.join();
    if (equation?.primitive === "add" && equation.inputs.every((input) => whole(input) || isZero(input))) {
      equation.inputs.filter((input) => !isZero(input)).forEach(visit);
    } else if (equation !== undefined && addsRows(equation)) {
      terms.scatters.push({ rows: equation.inputs[0], index: equation.inputs[1] });
    } else {
      terms.dense.push(atom);
    }
  };
  visit(output);
  return terms;
}

function isZero(atom: Atom): boolean {
  return isLiteral(atom) && atom.value === 0;
}

/**
 * Splits outputs that are gradients of tables of which rows were picked: instead of a table with the rows added in, each is given
 * out as these rows and their numbers (and the rest, if there is one). Adding rows on the host takes a tenth of the time that the
 * runtime's ScatterElements takes, and a table that only few rows of change needs no pass over the others.
 * @param which - for each output whether it may be split.
 */
export function splitRows(
  program: FlatProgram,
  which: readonly boolean[],
): { program: FlatProgram; splits: readonly (SplitOutput | undefined)[] } {
  const made = new Map<Atom, Equation>();
  for (const equation of program.equations)
    for (const variable of equation.outBinders) made.set(variable, equation);
  const equations = [...program.equations];
  const outputs: Atom[] = [];
  const splits = program.outputs.map((output, i) => {
    const terms = which[i] ? termsOf(output, made) : { dense: [output], scatters: [] };
    if (terms.scatters.length === 0) {
      outputs.push(output);
      return undefined;
    }
    if (terms.dense.length > 0) {
      outputs.push(
        terms.dense.reduce((sum, term) => {
          // A variable of the output's type: the library's own class can't be made here.
          const total = Object.create(output) as Variable;
          equations.push({ primitive: "add", inputs: [sum, term], params: {}, outBinders: [total] });
          return total;
        }),
      );
    }
    for (const { rows, index } of terms.scatters) outputs.push(rows, index);
    return { dense: terms.dense.length > 0, scatters: terms.scatters.length };
  });
  return { program: { ...program, equations, outputs }, splits };
}
