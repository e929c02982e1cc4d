/** Eigenvalues, descending, and the eigenvector of each. */
export interface Eigen {
  readonly values: Float64Array;
  /** Row i is the eigenvector of `values[i]`, of length 1 [n, n]. */
  readonly vectors: Float64Array;
}

const MAX_SWEEPS = 60;

/**
 * All eigenvalues and eigenvectors of a symmetric matrix [n, n] by Jacobi's rotations, row by row, until what is off
 * the diagonal is below the rounding of the whole. For sides of a few hundred; the matrix is left as it is.
 * @throws RangeError where a number is not finite.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const a = matrix.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const norm = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
  if (!Number.isFinite(norm))
    throw new RangeError("symmetricEigen: the matrix holds a number that is not finite");
  // An entry this small can't move an eigenvalue by more than rounding does.
  const negligible = (norm * Number.EPSILON) / Math.max(1, n);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotations = 0;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p * n + q]) <= negligible) continue;
        rotate(a, v, n, p, q);
        rotations++;
      }
    }
    if (rotations === 0) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    vectors.set(v.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values: Float64Array.from(order, (i) => a[i * n + i]), vectors };
}

/** Turns axes p and q so that the entry (p, q) becomes 0. Rows of v are the axes. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q];
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  // The smaller of the two angles; hypot does not overflow for a theta of 1e200.
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  const [rowP, rowQ] = [p * n, q * n];
  const [app, aqq] = [a[rowP + p], a[rowQ + q]];
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[rowP + k], a[rowQ + k]];
    a[rowP + k] = c * x - s * y;
    a[rowQ + k] = s * x + c * y;
    const [vx, vy] = [v[rowP + k], v[rowQ + k]];
    v[rowP + k] = c * vx - s * vy;
    v[rowQ + k] = s * vx + c * vy;
  }
  // Symmetric: the columns are the rows; the four entries where both meet have a closed form.
  for (let k = 0; k < n; k++) {
    a[k * n + p] = a[rowP + k];
    a[k * n + q] = a[rowQ + k];
  }
  a[rowP + p] = app - t * apq;
  a[rowQ + q] = aqq + t * apq;
  a[rowP + q] = 0;
  a[rowQ + p] = 0;
}
