import type { makeJaxpr } from "@jax-js/jax";

/** jax-js does not export the classes of its intermediate form; these are their types, taken from what it returns. */
export type ClosedJaxpr = ReturnType<ReturnType<typeof makeJaxpr>>["jaxpr"];
export type Jaxpr = ClosedJaxpr["jaxpr"];
export type Variable = Jaxpr["inBinders"][number];
/** An operand: a variable, or a literal scalar. */
export type Atom = Jaxpr["outs"][number];
export type Literal = Extract<Atom, { value: number }>;
export type Constant = ClosedJaxpr["consts"][number];

/** One primitive operation: `outBinders = primitive(inputs)`. */
export interface Equation {
  readonly primitive: string;
  readonly inputs: readonly Atom[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly outBinders: readonly Variable[];
}

/** A straight-line program: no equation calls another program. */
export interface FlatProgram {
  readonly inputs: readonly Variable[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Atom[];
}

export function isLiteral(atom: Atom): atom is Literal {
  return "value" in atom;
}

/**
 * Inlines nested calls, so that only primitives are left. A call whose function the lowering knows as one operation
 * of its own stays a call.
 * @param isFused - whether the lowering has a single operation for a called function of this name.
 */
export function flattenProgram(jaxpr: Jaxpr, isFused: (name: string) => boolean): FlatProgram {
  const equations: Equation[] = [];
  const inline = (inner: Jaxpr, inputs: readonly Atom[]): Atom[] => {
    const bound = new Map<Variable, Atom>(inner.inBinders.map((variable, i) => [variable, inputs[i]]));
    const resolve = (atom: Atom): Atom => (isLiteral(atom) ? atom : (bound.get(atom) ?? atom));
    for (const equation of inner.eqns) {
      const operands = equation.inputs.map(resolve);
      // The library's variables can't be made here, so an equation inlined twice gets stand-ins with the same type.
      const outBinders = equation.outBinders.map((variable) => {
        const fresh = Object.create(variable) as Variable;
        bound.set(variable, fresh);
        return fresh;
      });
      if ((equation.primitive as string) === "jit") {
        const { name, jaxpr: body } = equation.params as { name: string; jaxpr: Jaxpr };
        if (!isFused(name)) {
          inline(body, operands).forEach((result, i) => bound.set(equation.outBinders[i], result));
          continue;
        }
      }
      equations.push({
        primitive: equation.primitive,
        inputs: operands,
        params: equation.params,
        outBinders,
      });
    }
    return inner.outs.map(resolve);
  };
  const outputs = inline(jaxpr, jaxpr.inBinders);
  return { inputs: jaxpr.inBinders, equations, outputs };
}

/** Leaves out every equation that no output depends on. */
export function removeDeadCode(program: FlatProgram): FlatProgram {
  const needed = new Set<Atom>(program.outputs);
  const live: Equation[] = [];
  for (let i = program.equations.length - 1; i >= 0; i--) {
    const equation = program.equations[i];
    if (!equation.outBinders.some((variable) => needed.has(variable))) continue;
    live.push(equation);
    for (const input of equation.inputs) needed.add(input);
  }
  return { ...program, equations: live.reverse() };
}
