// Faults as people make them, one edit each. `npm run mutants` makes each in a copy of the project and runs the tests
// named beside it: one of them has to fail. A mutant that survives is a hole in the tests.
//
// A good mutant is a bug that somebody could write and a reader could miss. It changes results: what only changes speed,
// or nothing at all (a norm that equals the limit times 1), is none. `find` stands exactly once in its file; the
// shorter, the longer it lives.

export interface Mutant {
  readonly name: string;
  /** From the project's root, as all paths here. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What a real bug of this kind would be. */
  readonly why: string;
  /** Those that should kill it. */
  readonly tests: readonly string[];
}

type Edits = Readonly<Record<string, Pick<Mutant, "find" | "replace" | "why">>>;

/** The mutants of one file that the same tests should kill; tests are named without "test/" and ".test.ts". */
function inFile(file: string, tests: readonly string[], edits: Edits): Mutant[] {
  const paths = tests.map((test) => `test/${test}.test.ts`);
  return Object.entries(edits).map(([name, edit]) => ({ name, file, ...edit, tests: paths }));
}

export const MUTANTS: readonly Mutant[] = [
  // ── Vector tools ────────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/simd/lanes.ts", ["kernels/elementwise"], {
    "lanes-third-of-three": {
      why: "the last of three remaining elements gets its neighbour's value",
      find: "v128.store32_lane(address, v, 2, 8);",
      replace: "v128.store32_lane(address, v, 1, 8);",
    },
    "lanes-store-overruns": {
      why: "a tail of three is stored as four: the next buffer's first element is lost",
      find: "if (count >= 4) {",
      replace: "if (count >= 3) {",
    },
  }),
  ...inFile("assembly/simd/columns.ts", ["kernels/elementwise", "kernels/normalization", "kernels/prelu"], {
    "columns-eighth-row": {
      why: "of eight rows that are summed at a time the last is left out",
      find: "sum = f.at(sum, v128.load(other + 3 * pitch), parameter);",
      replace: "",
    },
    "columns-narrow-repeats": {
      why: "of few columns the third vector is the second again",
      find: "sum2 = f.at(sum2, v128.load(a + third), p2);",
      replace: "sum2 = f.at(sum2, v128.load(a + second), p2);",
    },
    "columns-second-of-two": {
      why: "of two rows that are summed in a turn the second is left out",
      find: "v128.store(sums, f.at(high, v128.load(a + pitch, 16), p1), 16);",
      replace: "v128.store(sums, high, 16);",
    },
    "columns-last-rows": {
      why: "rows that make no full turn are not summed",
      find: "for (; left > 0; left--, a += pitch) foldOne<F>(pitch, a, p, sums);",
      replace: "",
    },
    "columns-second-matrix": {
      why: "pairs of rows are taken one row apart",
      find: "v128.load(b + 2 * pitch)",
      replace: "v128.load(b + pitch)",
    },
    "columns-tail-overrun": {
      why: "sums behind the last column are written",
      find: "storeLanes(sums, f.at(v128.load(sums), v128.load(a), f.parameter(p)), <i32>((end - sums) >> 2));",
      replace: "v128.store(sums, f.at(v128.load(sums), v128.load(a), f.parameter(p)));",
    },
  }),
  ...inFile("assembly/simd/lanes.ts", ["kernels/activations"], {
    "lanes-denormal-gradients": {
      why: "denormal gradients are passed on, and every kernel behind them slows down",
      find: "return v128.andnot(gradient, f32x4.lt(magnitude, broadcast(GRADIENT_FLOOR)));",
      replace: "return gradient;",
    },
  }),
  ...inFile("assembly/simd/map.ts", ["kernels/activations"], {
    "map-tail-skipped": {
      why: "the last elements that fill no vector are never written",
      find: "for (; rest > 0; rest -= 4, x += 16, y += 16) {",
      replace: "for (; rest > 3; rest -= 4, x += 16, y += 16) {",
    },
  }),
  ...inFile("assembly/simd/rows.ts", ["kernels/softmax", "kernels/metrics"], {
    "rows-max-without-tail": {
      why: "the greatest logit is missed where it stands last, and e^x overflows",
      find: "if (rest > 0) {",
      replace: "if (rest > 1) {",
    },
    "rows-sum-behind-end": {
      why: "the sum of exponentials takes in what lies behind the row",
      find: "v128.and(term, firstLanes(min(rest, 4)))",
      replace: "term",
    },
    "rows-argmax-behind-end": {
      why: "the next row's first score is taken for this row's greatest",
      find: "return first < width ? first : -1;",
      replace: "return first;",
    },
    "rows-argmax-last-of-equals": {
      why: "of equal scores the last counts instead of the first",
      find: "const first = j + ctz(hits);",
      replace: "const first = j + (31 - clz(hits));",
    },
  }),
  ...inFile("assembly/simd/sums.ts", ["kernels/clipping"], {
    "sums-last-two-lost": {
      why: "a norm misses its seventh and eighth element of the tail",
      find: "sum3 = f64x2.add(sum3, f.of(v128.shuffle<f32>(high, high, 2, 3, 2, 3)));",
      replace: "",
    },
  }),
  ...inFile("assembly/simd/exp.ts", ["kernels/math"], {
    "exp-denormal-results": {
      why: "e^x below the normal numbers comes out as garbage instead of 0",
      find: "return v128.andnot(y, f32x4.lt(x, broadcast(EXP_MIN)));",
      replace: "return y;",
    },
    "exp-ln2-in-one-part": {
      why: "range reduction without the low part of ln 2: digits are lost for large x",
      find: "const LN2_LOW = memory.data<f32>([-2.1219444e-4]);",
      replace: "const LN2_LOW = memory.data<f32>([-2.12e-4]);",
    },
    "sigmoid-mirrored": {
      why: "the reflection for negative x is taken for positive x",
      find: "v128.bitselect(expOfMinusAbs, one, f32x4.lt(x, f32x4.splat(0)))",
      replace: "v128.bitselect(one, expOfMinusAbs, f32x4.lt(x, f32x4.splat(0)))",
    },
    "tanh-sign-lost": {
      why: "tanh of |x| is returned without x's sign",
      find: "return v128.bitselect(x, f32x4.div(m, f32x4.add(m, broadcast(TWO))), sign);",
      replace: "return f32x4.neg(f32x4.div(m, f32x4.add(m, broadcast(TWO))));",
    },
  }),
  ...inFile("assembly/simd/log.ts", ["kernels/math"], {
    "log-denormal-exponent": {
      why: "the scaling of denormals is not taken back",
      find: "v128.and(small, broadcast(DENORMAL_EXPONENT))",
      replace: "v128.and(small, broadcast(ONE))",
    },
  }),

  // ── Linear classifiers ────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/linear.ts", ["kernels/linear"], {
    "linear-dot-last-pair": {
      why: "of eight features the last two do not count",
      find: "v128.load64_zero(x, 24)), v128.load(w, 48)",
      replace: "v128.load64_zero(x, 16)), v128.load(w, 48)",
    },
    "linear-squared-hinge-half": {
      why: "the loss is half of what its gradient says",
      find: "const slope = 2 * load<f64>(costs);",
      replace: "const slope = load<f64>(costs);",
    },
    "linear-logistic-overflow": {
      why: "e^z instead of e^−|z|: infinite for wide margins",
      find: "expF64(-abs(margin))",
      replace: "expF64(margin)",
    },
    "linear-softmax-without-max": {
      why: "the greatest score is not taken off before the exponential",
      find: "expF64(load<f64>(at) - greatest)",
      replace: "expF64(load<f64>(at))",
    },
    "linear-hinge-upper-bound": {
      why: "alpha may grow beyond its cost",
      find: "min(max<f64>(before - gradient / load<f64>(squares + at), 0), cost)",
      replace: "max<f64>(before - gradient / load<f64>(squares + at), 0)",
    },
    "linear-hinge-keeps-all": {
      why: "rows at their bound are never left out: right, but for the count, and slow",
      find: "if (gradient > greatestBefore) continue;",
      replace: "",
    },
    "linear-crammer-label-margin": {
      why: "the label's own score is asked for a margin too",
      find: "(k == label ? 0 : 1);",
      replace: "1;",
    },
    "linear-crammer-label-bound": {
      why: "the label's alpha is bounded as the others are, by 0",
      find: "at == atLabel ? cost + shift : shift",
      replace: "shift",
    },
  }),
  ...inFile("src/transfer/linear/objectives.ts", ["transfer/linear"], {
    "linear-ridge-lost": {
      why: "the gradient is without the regularization",
      find: "result[i] = sum[i]! + pull;",
      replace: "result[i] = sum[i]!;",
    },
    "linear-curvature-of-softmax": {
      why: "the Hessian's product is not weighed by the rows' costs",
      find: "call.combine(COMBINE_MULTIPLY, count * classes, u, this.#d + at, u);",
      replace: "",
    },
  }),
  ...inFile("src/transfer/linear/linearSvm.ts", ["transfer/linear"], {
    "linear-weights-of-the-rest": {
      why: "the other classes' rows weigh as their own classes do, which liblinear does not",
      find: "(classes.length === 2 || place === positive ? weights[place]! : 1)",
      replace: "weights[place]!",
    },
    "linear-intercept-unscaled": {
      why: "the intercept is the coefficient, without the feature's value",
      find: "w[width]! * intercept",
      replace: "w[width]!",
    },
  }),
  ...inFile("src/transfer/linear/logisticRegression.ts", ["transfer/linear"], {
    "linear-intercept-regularized": {
      why: "logistic regression's intercept is pulled to 0",
      find: "if (settings.intercept !== undefined) ridge[table.width] = 0;",
      replace: "",
    },
    "linear-intercepts-drift": {
      why: "what the softmax does not see is left in the intercepts",
      find: "for (const row of rows) row[width]! -= mean;",
      replace: "",
    },
  }),
  ...inFile("src/transfer/linear/face.ts", ["transfer/linear"], {
    "linear-face-forgets-w": {
      why: "alpha moves and w does not: the two no longer belong together",
      find: "sum.forEach((value, j) => (w[j]! += value));",
      replace: "",
    },
  }),
  ...inFile("src/transfer/linear/descent.ts", ["transfer/linear"], {
    "linear-hinge-never-wakes": {
      why: "the fit ends where the rows that are left have converged, whatever the others do",
      find: "if (done && this.#sweeps.isWhole)",
      replace: "if (done)",
    },
  }),

  // ── Random numbers and the order of rows ────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/rng.ts", ["kernels/rng", "kernels/initializers"], {
    "philox-nine-rounds": {
      why: "a round too few: random still, but not Philox4x32-10",
      find: "const ROUNDS = 10;",
      replace: "const ROUNDS = 9;",
    },
    "philox-keys-swapped": {
      why: "the two halves of the key are stepped by each other's constant",
      find: "k0 += KEY_STEP_0;",
      replace: "k0 += KEY_STEP_1;",
    },
    "unit-reaches-zero": {
      why: "a uniform number may be 0, whose normal quantile is −∞",
      find: "(f64(word) + 0.5)",
      replace: "f64(word)",
    },
  }),
  ...inFile("assembly/kernels/batch.ts", ["kernels/batch"], {
    "shuffle-biased": {
      why: "words of the incomplete run are not drawn again: some orders are likelier",
      find: "if (u32(product) <= i)",
      replace: "if (false)",
    },
    "shuffle-never-stays": {
      why: "an element never stays in its place: only cyclic orders come up (Sattolo's)",
      find: "let product = u64(word) * u64(i + 1);",
      replace: "let product = u64(word) * u64(max<u32>(i, 1));",
    },
    "gather-bytes-signed": {
      why: "bytes above 127 become negative",
      find: "v128.load_ext<u8>(src)",
      replace: "v128.load_ext<i8>(src)",
    },
    "gather-bytes-tail": {
      why: "a row of bytes misses its fifth element of the tail",
      find: "if (left > 4) storeLanes(out + 16, f32x4.add(f32x4.mul(high, scales), offsets), left - 4);",
      replace: "if (left > 5) storeLanes(out + 16, f32x4.add(f32x4.mul(high, scales), offsets), left - 4);",
    },
    "gather-zero-sign": {
      why: "a gather by 1 and 0 turns −0 into 0: its bits are no copy",
      find: "if (scale == 1 && offset == 0) return copyF32(n, src, out); // −0 + 0 would be 0",
      replace: "",
    },
  }),

  // ── Matrix products ─────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/gemm/micro.ts", ["kernels/gemm"], {
    "gemm-last-column": {
      why: "a strip of five columns does not store its fifth",
      find: "if (columns > 4) storeLanes(y + 16, right, columns - 4);",
      replace: "if (columns > 5) storeLanes(y + 16, right, columns - 4);",
    },
    "gemm-last-row": {
      why: "a tile of three rows does not store its third",
      find: "if (rows > 2) storeRow(",
      replace: "if (rows > 3) storeRow(",
    },
    "gemm-second-tile-starts-anew": {
      why: "the second tile of a strip starts from the first one's rows of c",
      find: "start = s3 + startStep;",
      replace: "",
    },
  }),
  ...inFile("assembly/kernels/gemm/micro.ts", ["precision/products"], {
    "fused-operands": {
      why: "the sum is taken for a factor",
      find: "f32x4.relaxed_madd(x, y, sum)",
      replace: "f32x4.relaxed_madd(sum, x, y)",
    },
    "fused-in-two": {
      why: "the fast build multiplies and adds as the others do",
      find: "f32x4.relaxed_madd(x, y, sum)",
      replace: "f32x4.add(sum, f32x4.mul(x, y))",
    },
  }),
  ...inFile("src/runtime/precision.ts", ["precision/options"], {
    "precision-without-a-look": {
      why: "the fast build is taken where the engine has no relaxed SIMD",
      find: 'return isThere ? "fast" : "deterministic";',
      replace: "return precision;",
    },
  }),
  ...inFile("assembly/kernels/gemm/loops.ts", ["kernels/gemm"], {
    "gemm-bias-missing": {
      why: "the bias is never added",
      find: "start = bias ? bias + ((<usize>j0) << 2) : ZEROS;",
      replace: "start = ZEROS;",
    },
    "gemm-bias-of-first-block": {
      why: "every block of columns starts from the bias of the first",
      find: "start = bias ? bias + ((<usize>j0) << 2) : ZEROS;",
      replace: "start = bias ? bias : ZEROS;",
    },
    "gemm-accumulate-ignored": {
      why: "a gradient that should be added to another takes its place",
      find: "if (k0 == 0 && !accumulate) {",
      replace: "if (k0 == 0) {",
    },
    "gemm-first-blocks-lost": {
      why: "every block of K starts anew: only the last one counts",
      find: "if (k0 == 0 && !accumulate) {",
      replace: "if (!accumulate) {",
    },
    "gemm-row-accumulate-ignored": {
      why: "a single row does not add to what is there",
      find: "const start = accumulate ? c : bias ? bias : ZEROS;",
      replace: "const start = bias ? bias : ZEROS;",
    },
    "gemm-activation-each-block": {
      why: "the activation is applied to unfinished sums as well",
      find: "if (k0 + depth == k && activation != ACTIVATION_LINEAR)",
      replace: "if (activation != ACTIVATION_LINEAR)",
    },
    "gemm-stale-panels": {
      why: "the second block of columns meets the last rows' panels instead of the first's",
      find: "if (packLeft && (j0 == 0 || m > GEMM_BLOCK_M)) {",
      replace: "if (packLeft && j0 == 0) {",
    },
  }),
  ...inFile("assembly/kernels/gemm/pack.ts", ["kernels/gemm"], {
    "gemm-transposed-wrongly": {
      why: "two elements change places in a transposed panel",
      find: "v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)",
      replace: "v128.shuffle<f32>(r0, r1, 2, 6, 7, 3)",
    },
  }),
  ...inFile("assembly/kernels/gemm/row.ts", ["kernels/gemm"], {
    "gemm-row-tail": {
      why: "a single row of 13 columns does not store its last",
      find: "if (columns > 12) storeLanes(y + 48, c3, columns - 12);",
      replace: "if (columns > 13) storeLanes(y + 48, c3, columns - 12);",
    },
  }),

  // ── Elementwise ─────────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/elementwise.ts", ["kernels/elementwise"], {
    "column-sum-accumulate-ignored": {
      why: "a bias gradient is not added to the other part",
      find: "if (!accumulate) memory.fill(sums,",
      replace: "memory.fill(sums,",
    },
    "affine-offset-missing": {
      why: "rescaling forgets its offset",
      find: "f32x4.add(f32x4.mul(v128.load(x), factor), term)",
      replace: "f32x4.mul(v128.load(x), factor)",
    },
  }),
  ...inFile("assembly/kernels/activations.ts", ["kernels/activations"], {
    "relu-slope-at-zero": {
      why: "a unit that is exactly 0 passes its gradient on",
      find: "v128.and(dy, positive4(y))",
      replace: "v128.and(dy, f32x4.ge(y, f32x4.splat(0)))",
    },
    "elu-slope-constant": {
      why: "the slope below zero is alpha everywhere",
      find: "f32x4.mul(dy, f32x4.add(y, alpha))",
      replace: "f32x4.mul(dy, alpha)",
    },
    "leaky-relu-sides": {
      why: "the slope is applied on the wrong side of zero in the backward pass",
      find: "v128.bitselect(dy, f32x4.mul(dy, slope), positive4(y))",
      replace: "v128.bitselect(f32x4.mul(dy, slope), dy, positive4(y))",
    },
    "selu-constant-short": {
      why: "a constant typed from memory: four digits of SELU's scale",
      find: "memory.data<f32>([1.0507009873554805])",
      replace: "memory.data<f32>([1.0507])",
    },
    "gelu-slope-half": {
      why: "the product rule's second term is forgotten: x · φ(x) becomes φ(x)",
      find: "f32x4.mul(bounded, density)",
      replace: "density",
    },
    "tanh-slope-of-input": {
      why: "1 − y² becomes 1 − y",
      find: "f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y))",
      replace: "f32x4.sub(one, y)",
    },
    "relu-hides-nan": {
      why: "max(0, x) the other way round: NaN becomes 0 and no guard sees it",
      find: "return f32x4.pmax(x, f32x4.splat(0)); // in this order, for NaN",
      replace: "return f32x4.pmax(f32x4.splat(0), x);",
    },
  }),
  ...inFile("assembly/kernels/prelu.ts", ["kernels/prelu"], {
    "prelu-alpha-of-positives": {
      why: "alpha learns from the side of zero where it has no part",
      find: "f32x4.pmin(x, f32x4.splat(0))",
      replace: "f32x4.pmax(x, f32x4.splat(0))",
    },
    "prelu-alpha-accumulate-ignored": {
      why: "a shared alpha learns from one of its uses only",
      find: "if (!accumulate) memory.fill(sums,",
      replace: "memory.fill(sums,",
    },
  }),

  // ── Softmax and losses ──────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/softmax.ts", ["kernels/softmax"], {
    "softmax-without-max": {
      why: "the greatest logit is not subtracted: logits of 100 overflow",
      find: "const sum = rowExp(width, x, rowMax(width, x), y);",
      replace: "const sum = rowExp(width, x, 0, y);",
    },
    "softmax-gradient-diagonal": {
      why: "only the diagonal of softmax's Jacobian is used",
      find: "f32x4.sub(v128.load(dy + at), sum)",
      replace: "v128.load(dy + at)",
    },
    "log-softmax-gradient-sign": {
      why: "the share of the sum is added instead of taken away",
      find: "f32x4.sub(v128.load(dy + at), share)",
      replace: "f32x4.add(v128.load(dy + at), share)",
    },
  }),
  ...inFile("assembly/kernels/losses/crossentropy.ts", ["kernels/losses"], {
    "crossentropy-label-off-by-one": {
      why: "labels are taken to count from 1",
      find: "const labelOffset = isClass ? (<usize>label) << 2 : 0;",
      replace: "const labelOffset = isClass ? ((<usize>label + 1) % <usize>width) << 2 : 0;",
    },
    "crossentropy-smooths-others": {
      why: "the smoothing is spread over the other classes rather than over all",
      find: "const everywhere = smoothing / <f32>width;",
      replace: "const everywhere = smoothing / <f32>(width - 1);",
    },
    "crossentropy-label-unsmoothed": {
      why: "the label keeps its whole 1: targets sum to more than 1",
      find: "const atLabel: f32 = 1 - smoothing;",
      replace: "const atLabel: f32 = 1;",
    },
    "crossentropy-targets-unsummed": {
      why: "soft targets are taken to sum to 1",
      find: "f32x4.splat(weight / sum)",
      replace: "f32x4.splat(1 / sum)",
    },
    "binary-crossentropy-smoothing": {
      why: "targets are smoothed towards 1 rather than ½",
      find: "f32x4.splat(smoothing * 0.5)",
      replace: "f32x4.splat(smoothing)",
    },
    "binary-crossentropy-summed": {
      why: "the gradient is that of a sum over the outputs, the loss that of a mean",
      find: "const factor = f32x4.splat(scale / <f32>width);",
      replace: "const factor = f32x4.splat(scale);",
    },
  }),
  ...inFile("assembly/kernels/losses/elementwise.ts", ["kernels/losses"], {
    "squared-error-half": {
      why: "½ (p − t)² for the gradient and (p − t)² for the loss",
      find: "return f32x4.add(error, error);",
      replace: "return error;",
    },
    "absolute-error-at-zero": {
      why: "a perfect prediction is pushed away: the slope at 0 is 1",
      find: "orNaN4(v128.and(sign, f32x4.ne(error, f32x4.splat(0))), error)",
      replace: "orNaN4(sign, error)",
    },
    "huber-half": {
      why: "δ (|e| − δ) beyond δ: the two pieces do not meet",
      find: "f32x4.mul(inner, f32x4.splat(0.5))",
      replace: "inner",
    },
    "log-cosh-constant": {
      why: "log 2 is not taken away: a perfect prediction has a loss",
      find: "f32x4.sub(tail, broadcast(LN2))",
      replace: "tail",
    },
    "loss-epsilon-tenfold": {
      why: "another epsilon than Keras's in the divergences",
      find: "const EPSILON = memory.data<f32>([1e-7]);",
      replace: "const EPSILON = memory.data<f32>([1e-6]);",
    },
    "hinge-at-the-corner": {
      why: "a margin of exactly 1 still pushes",
      find: "f32x4.gt(margin, f32x4.splat(0))",
      replace: "f32x4.ge(margin, f32x4.splat(0))",
    },
    "loss-tail-counted": {
      why: "what lies behind the last element is added to the loss",
      find: "v128.and(f.loss(prediction, target, parameters), firstLanes(min(rest, 4)))",
      replace: "f.loss(prediction, target, parameters)",
    },
  }),
  ...inFile("assembly/kernels/losses/rowwise.ts", ["kernels/losses"], {
    "categorical-hinge-all-equals": {
      why: "of equal wrong classes all are pushed, not the first",
      find: "if (!found && (1 - target)",
      replace: "if ((1 - target)",
    },
    "cosine-of-nothing": {
      why: "a prediction of zeros divides by zero",
      find: "const SMALLEST_NORM: f64 = 1e-7;",
      replace: "const SMALLEST_NORM: f64 = 0;",
    },
  }),
  ...inFile("assembly/kernels/losses/index.ts", ["kernels/losses", "families/losses", "families/families"], {
    "loss-gradient-summed": {
      why: "the gradient is not divided by the batch: the rate means something else for each batch size",
      find: "const scale: f32 = factor / <f32>rows;",
      replace: "const scale: f32 = factor;",
    },
    "loss-weight-of-gradient": {
      why: "a row's weight counts in the loss and not in its gradient",
      find: "scale * weight",
      replace: "scale",
    },
    "loss-weightless-row": {
      why: "the gradient of a row of weight 0 is whatever stood there",
      find: "} else if (gradient != 0) {",
      replace: "} else if (gradient == 1) {",
    },
  }),

  // ── Normalization ───────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/normalization.ts", ["kernels/normalization"], {
    "batch-norm-one-pass": {
      why: "E[x²] − E[x]²: no variance is left of N(100, 0.01²)",
      find: "function columnMoments(rows: i32, width: i32, x: usize, mean: usize, variance: usize, work: usize): void {",
      replace: `function columnMoments(rows: i32, width: i32, x: usize, mean: usize, variance: usize, work: usize): void {
  for (let j = 0; j < width; j++) {
    let sum: f32 = 0;
    let squares: f32 = 0;
    for (let i = 0; i < rows; i++) {
      const value = load<f32>(x + ((<usize>(i * width + j)) << 2));
      sum += value;
      squares += value * value;
    }
    const average = sum / <f32>rows;
    store<f32>(mean + ((<usize>j) << 2), average);
    store<f32>(variance + ((<usize>j) << 2), max<f32>(squares / <f32>rows - average * average, 0));
  }
  if (width > 0) return;`,
    },
    "batch-norm-blocks-apart": {
      why: "how far the means of blocks of rows lie apart is no part of the variance",
      find: "f32x4.add(sum, spread)",
      replace: "sum",
    },
    "batch-norm-unbiased": {
      why: "the variance is divided by n − 1, as for an estimate",
      find: "f32x4.mul(v128.load(variance + at), share)",
      replace: "f32x4.mul(v128.load(variance + at), f32x4.splat(1 / max<f32>(<f32>rows - 1, 1)))",
    },
    "norm-epsilon-outside-root": {
      why: "√variance + ε instead of √(variance + ε)",
      find: "f32x4.sqrt(f32x4.add(variance, f32x4.splat(epsilon)))",
      replace: "f32x4.add(f32x4.sqrt(variance), f32x4.splat(epsilon))",
    },
    "batch-norm-gradient-of-mean": {
      why: "the gradient does not pass through the batch's mean",
      find: "storeLanes(sums + at, f32x4.mul(sum, share), rest);",
      replace: "storeLanes(sums + at, f32x4.splat(0), rest);",
    },
    "moving-statistics-wrong-way": {
      why: "momentum and 1 − momentum change places in the kernel",
      find: "const shares = f32x4.splat(share);\n  for (let rest = n;",
      replace: "const shares = f32x4.splat(1 - share);\n  for (let rest = n;",
    },
    "layer-norm-gradient-without-gamma": {
      why: "the means of the gradient are taken before gamma",
      find: "if (gamma) g = f32x4.mul(g, v128.load(gamma + at));",
      replace: "",
    },
    "layer-norm-variance-behind-end": {
      why: "a row's variance takes in the next row's first values",
      find: "const x0 = masked(f32x4.sub(v128.load(x), means), rest);",
      replace: "const x0 = f32x4.sub(v128.load(x), means);",
    },
    "batch-norm-infinite-variance": {
      why: "an infinite variance passes for an output of 0 and no guard sees it",
      find: "f32x4.add(inverseRoot(v, epsilon), f32x4.mul(v, f32x4.splat(0)))",
      replace: "inverseRoot(v, epsilon)",
    },
  }),
  ...inFile("src/layers/batchNorm.ts", ["model/normalization"], {
    "batch-norm-momentum-reversed": {
      why: "PyTorch's meaning of momentum under Keras's name",
      find: "1 - config.momentum",
      replace: "config.momentum",
    },
    "batch-norm-frozen-moves": {
      why: "a frozen layer uses the batch's statistics and moves its own",
      find: "if (!training || frozen)",
      replace: "if (!training)",
    },
    "batch-norm-batch-in-inference": {
      why: "predictions depend on the rows beside them",
      find: "if (!training || frozen)",
      replace: "if (frozen)",
    },
  }),

  // ── Clipping, constraints, penalties, noise ─────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/clipping.ts", ["kernels/clipping"], {
    "clip-squared-norm": {
      why: "the squared norm of a variable is held to the limit",
      find: "const norm = sqrt<f64>(sumOfSquares(n, g));",
      replace: "const norm = sumOfSquares(n, g);",
    },
    "clip-global-squared-norm": {
      why: "the squared norm of all gradients is held to the limit",
      find: "const norm = sqrt<f64>(sum);",
      replace: "const norm = sum;",
    },
    "clip-enlarges": {
      why: "gradients within the limit are scaled up to it",
      find: "if (norm <= f64(limit)) return;",
      replace: "if (norm == 0) return;",
    },
    "clip-zero-norm": {
      why: "gradients of zeros are divided by their norm: NaN",
      find: "if (norm <= f64(limit)) return;",
      replace: "if (norm != 0 && norm <= f64(limit)) return;",
    },
    "clip-value-one-sided": {
      why: "large negative gradients are let through",
      find: "f32x4.pmax(f32x4.pmin(v128.load(x), top), bottom)",
      replace: "f32x4.pmin(v128.load(x), top)",
    },
    "clip-tail-of-segment": {
      why: "the scaling runs over a segment's end into the next",
      find: "storeLanes(x, f32x4.mul(v128.load(x), scales), left);",
      replace: "v128.store(x, f32x4.mul(v128.load(x), scales));",
    },
  }),
  ...inFile("src/clipping/index.ts", ["model/clipping", "families/families"], {
    "clip-neighbours-as-one": {
      why: "clipByNorm takes all variables of a segment as one vector",
      find: "byVariable: true",
      replace: "byVariable: false",
    },
  }),
  ...inFile("assembly/kernels/constraints.ts", ["kernels/constraints"], {
    "constraint-zero-column": {
      why: "a column of zeros is divided by its norm: NaN",
      find: "const EPSILON: f64 = 1e-7;",
      replace: "const EPSILON: f64 = 0;",
    },
    "constraint-rate-reversed": {
      why: "rate and 1 − rate change places",
      find: "f64x2.splat(1.0 - rate)",
      replace: "f64x2.splat(rate)",
    },
    "constraint-fifth-column": {
      why: "column 5 of 5 is left as it is",
      find: "if (left > 4) storeLanes(row + 16,",
      replace: "if (left > 5) storeLanes(row + 16,",
    },
    "constraint-minimum-ignored": {
      why: "minMaxNorm lets short columns be",
      find: "f64x2.pmax(norm, f64x2.splat(minimum))",
      replace: "norm",
    },
  }),
  ...inFile("src/constraints/index.ts", ["model/constraints", "families/families"], {
    "constraint-along-rows": {
      why: "norms are taken along the wrong axis of a kernel",
      find: "const size = weights.shape[0]!;",
      replace: "const size = weights.shape.at(-1)!;",
    },
  }),
  ...inFile("assembly/kernels/regularizers.ts", ["kernels/regularizers"], {
    "penalty-l2-half": {
      why: "the gradient of λw² is taken for λw",
      find: "addGradient(n, w, gradient, l1, 2 * l2)",
      replace: "addGradient(n, w, gradient, l1, l2)",
    },
    "penalty-l1-at-zero": {
      why: "a weight of 0 is pushed away from it",
      find: "v128.and(v128.or(v128.and(weight, signBit), pulls), f32x4.ne(weight, zero))",
      replace: "v128.or(v128.and(weight, signBit), pulls)",
    },
  }),
  ...inFile("assembly/kernels/dropout.ts", ["kernels/dropout"], {
    "dropout-threshold": {
      why: "an element whose bits equal the threshold is dropped: the rate is off by 2⁻¹⁶",
      find: "i16x8.ge_u(bits, thresholds)",
      replace: "i16x8.gt_u(bits, thresholds)",
    },
    "dropout-signed-bits": {
      why: "random bits compared as signed numbers: half of them are below any threshold",
      find: "i16x8.ge_u(bits, thresholds)",
      replace: "i16x8.ge_s(bits, thresholds)",
    },
    "noise-shares-a-stream": {
      why: "noise and masks of one layer are drawn from the same words",
      find: "philoxBlock(i >> 2, layer, step, STREAM_NOISE, seedLo, seedHi)",
      replace: "philoxBlock(i >> 2, layer, step, STREAM_DROPOUT, seedLo, seedHi)",
    },
  }),
  ...inFile("src/layers/dropout.ts", ["model/dropout"], {
    "dropout-one-key-for-all": {
      why: "all dropout layers of a model share one mask",
      find: "b.dropout(x, rate, { layer: ordinal, seed })",
      replace: "b.dropout(x, rate, { layer: 0, seed })",
    },
    "dropout-in-inference": {
      why: "predictions are random",
      find: "training && rate > 0 ? b.dropout(",
      replace: "rate > 0 ? b.dropout(",
    },
    "dropout-own-seed-ignored": {
      why: "a layer's own seed is lost, the model's is used",
      find: "training && rate > 0 ? b.alphaDropout(x, rate, { layer: ordinal, seed }) : x",
      replace: "training && rate > 0 ? b.alphaDropout(x, rate, { layer: ordinal, seed: undefined }) : x",
    },
  }),

  // ── Optimizers ──────────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/optimizers/walk.ts", ["families/optimizers", "families/families"], {
    "decay-missing": {
      why: "weights do not decay",
      find: "return f32x4.sub(theta, f32x4.mul(decay, theta));",
      replace: "return theta;",
    },
    "decay-by-corrected-rate": {
      why: "decay goes by the bias-corrected rate: ten times too strong in Adam's first step",
      find: "const decay = f32(learningRate * scale *",
      replace: "const decay = f32(rate * scale *",
    },
    "rate-multiplier-ignored": {
      why: "a layer's rate multiplier has no effect",
      find: "f32(rate * scale), decay, k0",
      replace: "f32(rate), decay, k0",
    },
    "moments-denormal": {
      why: "a moment that decays ends among the denormals, and steps slow down",
      find: "return v128.andnot(x, f32x4.lt(magnitude(x), f32x4.splat(TINY)));",
      replace: "return x;",
    },
    "power-off-by-one": {
      why: "βᵗ is computed as βᵗ⁻¹",
      find: "for (; exponent > 0; exponent >>= 1) {",
      replace: "for (exponent -= 1; exponent > 0; exponent >>= 1) {",
    },
  }),
  ...inFile("assembly/kernels/optimizers/sgd.ts", ["families/optimizers", "families/families"], {
    "momentum-before-update": {
      why: "the step goes by the velocity of the step before",
      find: "storeLanes(velocity, v, left);\n    storeLanes(theta, f32x4.add(t, v), left);",
      replace: "storeLanes(theta, f32x4.add(t, v128.load(velocity)), left);\n    storeLanes(velocity, v, left);",
    },
    "nesterov-missing": {
      why: "nesterov: true does what plain momentum does",
      find: "else if (nesterov) walk",
      replace: "else if (false) walk",
    },
  }),
  ...inFile("assembly/kernels/optimizers/adam.ts", ["families/optimizers", "families/families"], {
    "adam-step-off-by-one": {
      why: "the bias of v is corrected for step t + 1",
      find: "const correction = f32(1.0 / sqrt<f64>(1.0 - power(beta2, step)));",
      replace: "const correction = f32(1.0 / sqrt<f64>(1.0 - power(beta2, step + 1)));",
    },
    "adam-uncorrected": {
      why: "the bias of v is not corrected at all",
      find: "const correction = f32(1.0 / sqrt<f64>(1.0 - power(beta2, step)));",
      replace: "const correction: f32 = 1;",
    },
    "adam-epsilon-inside-root": {
      why: "√(v̂ + ε) instead of √v̂ + ε",
      find: "f32x4.add(f32x4.mul(f32x4.sqrt(v), corrections), epsilons)",
      replace: "f32x4.sqrt(f32x4.add(f32x4.mul(f32x4.mul(v, corrections), corrections), epsilons))",
    },
    "amsgrad-forgets": {
      why: "AMSGrad divides by the present v, not by the greatest so far",
      find: "const vMax = f32x4.pmax(v128.load(greatest), v);",
      replace: "const vMax = v;",
    },
    "nadam-looks-not-ahead": {
      why: "the momentum of the next step is that of this one",
      find: "const next = momentumOf(beta1, step + 1);",
      replace: "const next = momentumOf(beta1, step);",
    },
    "adamax-norm-stays": {
      why: "the greatest gradient is never forgotten",
      find: "f32x4.mul(betas2, v128.load(norm))",
      replace: "v128.load(norm)",
    },
  }),
  ...inFile("assembly/kernels/optimizers/adaptive.ts", ["families/optimizers", "families/families"], {
    "adagrad-epsilon-outside-root": {
      why: "√s + ε, PyTorch's formula, instead of √(s + ε)",
      find: "f32x4.sqrt(f32x4.add(s, epsilons))",
      replace: "f32x4.add(f32x4.sqrt(s), epsilons)",
    },
    "adadelta-upside-down": {
      why: "the two averages change places",
      find: "f32x4.div(f32x4.add(u, epsilons), f32x4.add(v, epsilons))",
      replace: "f32x4.div(f32x4.add(v, epsilons), f32x4.add(u, epsilons))",
    },
    "rmsprop-not-centered": {
      why: "centered: true divides by the root of plain squares",
      find: "const apart = square(f32x4.sub(g, a));",
      replace: "const apart = square(g);",
    },
  }),
  ...inFile("assembly/kernels/optimizers/lion.ts", ["families/optimizers", "families/families"], {
    "lion-one-beta": {
      why: "the moment decays by β₁, which is meant for the direction",
      find: "flush(pull(m, g, pulls2))",
      replace: "flush(pull(m, g, pulls1))",
    },
    "lion-decay-coupled": {
      why: "decay enters the gradient, as in L2 regularization, and so its sign",
      find: "const direction = pull(m, g, pulls1);",
      replace: "const direction = pull(m, f32x4.add(g, f32x4.mul(decays, v128.load(theta))), pulls1);",
    },
  }),
  ...inFile("src/optimizers/index.ts", ["families/optimizers", "families/families"], {
    "adam-epsilon-of-pytorch": {
      why: "another library's default epsilon",
      find: "beta2: 0.999, epsilon: 1e-7 }",
      replace: "beta2: 0.999, epsilon: 1e-8 }",
    },
    "adagrad-starts-at-zero": {
      why: "the accumulator begins with 0, as in PyTorch: the first step is a sign",
      find: "initialAccumulatorValue: 0.1",
      replace: "initialAccumulatorValue: 0",
    },
    "weight-decay-lost": {
      why: "the option is read under another name",
      find: "return (weightDecay as number | undefined) ?? 0;",
      replace: "return 0;",
    },
  }),

  // ── Schedules ───────────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/schedules.ts", ["families/schedules", "families/families"], {
    "schedule-warmup-offset": {
      why: "what follows a warmup starts in its midst",
      find: "return scheduledRate(block + 32, step - steps);",
      replace: "return scheduledRate(block + 32, step);",
    },
    "schedule-warmup-from-zero": {
      why: "the warmup of a cosine starts at 0 rather than at its initial rate",
      find: "if (step < warmup) return initial + (target - initial) * (step / warmup);",
      replace: "if (step < warmup) return target * (step / warmup);",
    },
    "schedule-staircase-smooth": {
      why: "staircase: true is ignored",
      find: "number(block, 4) != 0 ? floor<f64>(gone) : gone",
      replace: "gone",
    },
    "schedule-boundary": {
      why: "the rate changes at the boundary rather than behind it",
      find: "step > number(block, 2 + i)",
      replace: "step >= number(block, 2 + i)",
    },
    "schedule-cosine-to-zero": {
      why: "alpha is ignored: the rate ends at 0",
      find: "target * number(block, 3)",
      replace: "0",
    },
    "schedule-cosine-rises-again": {
      why: "behind its end the cosine turns upwards",
      find: "min<f64>((step - warmup) / number(block, 2), 1.0)",
      replace: "(step - warmup) / number(block, 2)",
    },
  }),

  // ── Metrics ─────────────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/metrics.ts", ["kernels/metrics", "families/metrics", "families/families"], {
    "top-k-off-by-one": {
      why: "top-5 counts the sixth",
      find: "rankBelow(width, scores, label, score) < k",
      replace: "rankBelow(width, scores, label, score) <= k",
    },
    "top-k-equals": {
      why: "of equal scores the label always comes first",
      find: "const earlier = (1 << max(min(label - j, 4), 0)) - 1;",
      replace: "const earlier = 0;",
    },
    "confusion-transposed": {
      why: "rows and columns of the confusion matrix change places",
      find: "label * width + found",
      replace: "found * width + label",
    },
    "binary-accuracy-tail": {
      why: "what lies behind the last output is counted",
      find: "popcnt(~(said ^ meant) & ((1 << min(rest, 4)) - 1))",
      replace: "popcnt(~(said ^ meant) & 15)",
    },
    "auc-bin-of-boundary": {
      why: "a score on a threshold counts as above it",
      find: "<i32>Math.ceil(bounded * <f64>bins) - 1",
      replace: "min(<i32>Math.floor(bounded * <f64>bins), bins - 1)",
    },
  }),
  ...inFile("src/metrics/finalize.ts", ["families/metrics", "families/families"], {
    "auc-rectangles": {
      why: "rectangles instead of trapezoids: ties count as right",
      find: "truePositives + positives / 2",
      replace: "truePositives + positives",
    },
    "precision-is-recall": {
      why: "misses and false alarms change places",
      find: "({ tp, fp }: Counts) => quotient(tp, tp + fp)",
      replace: "({ tp, fn }: Counts) => quotient(tp, tp + fn)",
    },
    "average-over-absent-classes": {
      why: "classes that do not occur count as 0 in the mean",
      find: "if (tp + fp + fn === 0) continue;",
      replace: "",
    },
    "r2-around-zero": {
      why: "the spread is taken around 0 rather than around the mean",
      find: "squares - (sum * sum) / n",
      replace: "squares",
    },
  }),
  ...inFile("src/metrics/index.ts", ["families/metrics", "families/families"], {
    "accuracy-of-logits": {
      why: "logits are held to the threshold of probabilities",
      find: "? 0 : 0.5;",
      replace: "? 0.5 : 0.5;",
    },
  }),

  // ── The guard and the executor ──────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/kernels/guard.ts", ["kernels/guard"], {
    "guard-lets-infinity-pass": {
      why: "only NaN is refused",
      find: "i32x4.ge_s(",
      replace: "i32x4.gt_s(",
    },
    "guard-last-element": {
      why: "the last gradient is not looked at",
      find: "for (; left > 0; left--) {",
      replace: "for (; left > 1; left--) {",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["model/badInput"], {
    "guard-not-halting": {
      why: "a gradient that is not finite is applied",
      find: "isFinite(load<f64>(header, L.HEADER_BATCH_LOSS)) && segmentsFinite(p0, d1, p1)",
      replace: "isFinite(load<f64>(header, L.HEADER_BATCH_LOSS))",
    },
    "guard-first-segment-only": {
      why: "only the first segment's gradients are looked at",
      find: "for (let i = 0; i < count; i++) {\n    const segment",
      replace: "for (let i = 0; i < min(count, 1); i++) {\n    const segment",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["model/fit", "program/memory"], {
    "pause-within-update": {
      why: "a slice ends between optimizer and constraints: an aborted fit leaves half a step",
      find: "if (op == Op.OP_GUARD) budget = f64.MAX_VALUE;",
      replace: "if (false) budget = f64.MAX_VALUE;",
    },
    "batch-beyond-the-data": {
      why: "the last, partial batch runs with the rows of a full one",
      find: "const rows = left < batch ? left : batch;",
      replace: "const rows = batch;",
    },
    "mean-over-full-batches": {
      why: "an epoch's figures count the last batch as a full one",
      find: "increase(header + L.HEADER_SAMPLE_SUM, <f64>rows);",
      replace: "increase(header + L.HEADER_SAMPLE_SUM, <f64>load<i32>(header, L.HEADER_BATCH_ROWS));",
    },
    "predictions-overwritten": {
      why: "each batch's predictions are written over those of the batch before",
      find: "sink + ((<usize>position * <usize>d1) << 2)",
      replace: "sink",
    },
    "window-start-ignored": {
      why: "rows of a window are read as if it began with the epoch",
      find: "first -= load<i32>(header, L.HEADER_WINDOW_START);",
      replace: "",
    },
    "one-order-for-all-epochs": {
      why: "the shuffle is not keyed by the epoch",
      find: "load<u32>(header, L.HEADER_EPOCH),",
      replace: "0,",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["families/metrics", "program/steps", "families/families"], {
    "batch-metrics-pile-up": {
      why: "a batch's figures hold those of the batches before",
      find: "memory.fill(metricSlot(header, 0), 0, (<usize>load<u32>(header, L.HEADER_METRIC_SLOTS)) << 3);",
      replace: "",
    },
    "metric-of-positions-summed": {
      why: "a sample of several positions counts several times in a metric",
      find: "increase(metricSlot(header, slot), sum * share);",
      replace: "increase(metricSlot(header, slot), sum);",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["families/schedules", "families/optimizers", "families/families"], {
    "schedule-off-by-one": {
      why: "the schedule gives the rate of the step after",
      find: "scheduledRate(p0, <f64>load<u32>(header, L.HEADER_STEP))",
      replace: "scheduledRate(p0, <f64>load<u32>(header, L.HEADER_STEP) + 1.0)",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["model/dropout"], {
    "dropout-scale-missing": {
      why: "what is kept is not scaled up: training and inference see different means",
      find: "<f32>(1.0 / (1.0 - <f64>f0))",
      replace: "1",
    },
    "dropout-same-mask-each-step": {
      why: "the mask is not keyed by the step",
      find: "const step = load<u32>(header, L.HEADER_STEP);",
      replace: "const step = 0;",
    },
    "alpha-dropout-offset-sign": {
      why: "the shift that keeps the mean goes the wrong way",
      find: "const offset = -scale * SELU_FLOOR * <f64>f0;",
      replace: "const offset = scale * SELU_FLOOR * <f64>f0;",
    },
    "alpha-dropout-variance": {
      why: "the share is missing from the scale that keeps the variance",
      find: "(1.0 + dropped * SELU_FLOOR * SELU_FLOOR)",
      replace: "(1.0 + SELU_FLOOR * SELU_FLOOR)",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["model/regularizers", "families/families"], {
    "penalty-once-a-row": {
      why: "the penalty is divided by the batch, as the loss is",
      find: "addLoss(header, 1, penalty(d0, p0, p1, f0, f1));",
      replace: "addLoss(header, load<i32>(header, L.HEADER_ROWS), penalty(d0, p0, p1, f0, f1));",
    },
  }),

  // ── Gradient rules ──────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("src/program/grad.ts", ["program/gradients", "program/graphs"], {
    "gradient-transposed": {
      why: "the gradient of a kernel is written transposed",
      find: 'gradients.product(b, "gemmTN", [k, n, m], a, dy);',
      replace: 'gradients.product(b, "gemmTN", [n, k, m], dy, a);',
    },
    "gradient-of-second-use-lost": {
      why: "a value that is used twice gets the gradient of one use",
      find: "if (known) this.#addTo(root, known, gradient);",
      replace: "if (known) return;",
    },
    "gradient-of-shared-kernel": {
      why: "the second use of a kernel overwrites the gradient of the first",
      find: "builder.gemm(op, dims, a, b, target, { accumulate })",
      replace: "builder.gemm(op, dims, a, b, target, { accumulate: false })",
    },
    "gradient-of-shared-bias": {
      why: "the second use of a bias overwrites the gradient of the first",
      find: "{ x: dy, sums }, {}, { accumulate: accumulate ? 1 : 0 }",
      replace: "{ x: dy, sums }, {}, { accumulate: 0 }",
    },
    "gradient-shared-and-overwritten": {
      why: "a gradient that two values share is added to in place: the other gets the sum too",
      find: "const sum = known.shared ? this.builder.like(root, `d ${root.name}`) : known.value;",
      replace: "const sum = known.value;",
    },
    "gradient-of-rescaling-offset": {
      why: "the offset of a rescaling is added to its gradient",
      find: "{ scale: numbers.scale!, offset: 0 }",
      replace: "{ scale: numbers.scale!, offset: numbers.offset! }",
    },
    "gradient-from-output": {
      why: "a derivative that needs the activation's input gets its output",
      find: "const saved = integers.savesInput ? x : y;",
      replace: "const saved = y;",
    },
    "gradient-by-the-mean": {
      why: "the gradient through given statistics is multiplied by the mean",
      find: "{ a: dy, b: factor, c: dx }",
      replace: "{ a: dy, b: mean, c: dx }",
    },
    "gradient-sum-sides": {
      why: "a sum passes its gradient to the first term only",
      find: "gradients.pass(b, dy);",
      replace: "",
    },
  }),
  ...inFile("src/program/grad.ts", ["model/dropout"], {
    "dropout-other-mask-back": {
      why: "the backward pass draws another mask than the forward pass",
      find: "builder.emit(op, dims, { x: dy, y: dx }, numbers, integers)",
      replace: "builder.emit(op, dims, { x: dy, y: dx }, numbers, { ...integers, layer: integers.layer! + 1 })",
    },
    "dropout-no-mask-back": {
      why: "dropped units learn",
      find: 'gradients.masked(x, "dropout", draw, dy)',
      replace: "gradients.pass(x, dy)",
    },
    "alpha-dropout-forward-back": {
      why: "the gradient goes through the forward op, shift and all",
      find: 'gradients.masked(x, "alphaDropoutBackward", draw, dy)',
      replace: 'gradients.masked(x, "alphaDropout" as "dropout", draw, dy)',
    },
  }),
  ...inFile("src/program/forward.ts", ["golden/normalization", "model/normalization", "program/gradients"], {
    "layer-norm-over-the-sample": {
      why: "statistics over all of a sample rather than over its last axis",
      find: 'this.emit("layerNorm", rowsOf(x),',
      replace: 'this.emit("layerNorm", { rows: perRow(1), width: fixed(widthOf(x)) },',
    },
  }),

  // ── Passes over programs, and their memory ──────────────────────────────────────────────────────────────────────

  ...inFile("src/program/fuse.ts", ["program/fuse"], {
    "fuse-across-two-readers": {
      why: "a sum that another op still reads is replaced by its activation",
      find: 'operand(product, "c") !== x || readers(nodes, x) !== 1 ||',
      replace: 'operand(product, "c") !== x ||',
    },
    "fuse-rescaling-across-two-readers": {
      why: "data that are also read unscaled get scaled",
      find: 'rootOf(operand(gather, "out")) !== rootOf(x) || readers(nodes, x) !== 1',
      replace: 'rootOf(operand(gather, "out")) !== rootOf(x)',
    },
    "fuse-second-activation": {
      why: "an activation behind an activation takes the first one's place in the product",
      find: "if (product.integers.activation !== ACTIVATION_LINEAR) return undefined; // it applies one",
      replace: "",
    },
    "fuse-loses-the-input": {
      why: "an activation whose derivative needs its input is applied in place",
      find: "readers(nodes, x) !== 1 || activation.integers.savesInput",
      replace: "readers(nodes, x) !== 1",
    },
    "fuse-drops-effects": {
      why: "what writes no operand, such as a metric, is dropped as dead",
      find: "if (!OPS[node.op].effect && !needed) continue;",
      replace: "if (!needed) continue;",
    },
  }),
  ...inFile("src/program/memory.ts", ["program/memory"], {
    "memory-in-place-too-early": {
      why: "an op overwrites an input that is read again later",
      find: "lastUse.get(rootOf(input!).id) === i && slot.last === i && slot.bytes === bytes",
      replace: "slot.bytes === bytes",
    },
    "memory-lifetimes-overlap": {
      why: "a value takes the place of one that the same op still reads",
      find: "other.first <= slot.last && slot.first <= other.last",
      replace: "other.first < slot.last && slot.first < other.last",
    },
    "memory-in-place-of-two": {
      why: "an input that the op reads twice is overwritten while it is read",
      find: "return readings.length === 1 ? input : undefined;",
      replace: "return input;",
    },
  }),
  ...inFile("src/program/verify.ts", ["program/verify"], {
    "verify-overlaps": {
      why: "an output may lie across an input",
      find: "if (!apart && !inPlace) refuse",
      replace: "if (false) refuse",
    },
    "verify-read-only": {
      why: "the schedule's or the segments' table may be written to",
      find: 'if (access !== "read" && !region.writable)',
      replace: "if (false)",
    },
    "verify-end-of-region": {
      why: "an operand may reach an element beyond its region",
      find: "address + bytes <= r.address + r.bytes",
      replace: "address + bytes <= r.address + r.bytes + 4",
    },
  }),
  ...inFile("src/program/run.ts", ["families/metrics", "model/fit", "families/families"], {
    "metrics-not-reset": {
      why: "an epoch's metrics hold those of the epochs before",
      find: "this.sums = { loss: 0, samples: 0, metrics: [] };",
      replace: "this.sums = { ...this.sums, loss: 0, samples: 0 };",
    },
    "loss-not-reset": {
      why: "an epoch's loss holds those of the epochs before",
      find: "this.sums = { loss: 0, samples: 0, metrics: [] };",
      replace: "this.sums = { ...this.sums, metrics: [] };",
    },
  }),

  // ── Models ──────────────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("src/model/core.ts", ["golden/golden", "model/constraints", "families/families"], {
    "optimizer-walks-frozen": {
      why: "frozen layers go on by their moments and their decay",
      find: "for (const { offset, size, layer } of this.trainableVariables) {",
      replace: "for (const { offset, size, layer } of this.variables.learned) {",
    },
    "constraint-on-frozen": {
      why: "frozen weights are constrained",
      find: "for (const { name, shape, offset, constraint } of this.trainableVariables) {",
      replace: "for (const { name, shape, offset, constraint } of this.variables.learned) {",
    },
    "freezing-takes-no-effect": {
      why: "a program that is there already goes on training a frozen layer",
      find: 'this.#outdate([...TRAINING_MODES, "evaluate", "weightedEvaluate", "frozenTrain", "frozenEvaluate"]);',
      replace: "",
    },
  }),
  ...inFile("src/model/core.ts", ["model/regularizers", "families/families"], {
    "penalty-on-frozen": {
      why: "frozen weights are penalized in the loss",
      find: "for (const variable of this.trainableVariables) {",
      replace: "for (const variable of this.variables.learned) {",
    },
  }),
  ...inFile("src/model/core.ts", ["families/optimizers", "families/schedules", "golden/golden", "families/families"], {
    "compile-keeps-the-step": {
      why: "a second compile goes on at the old step, with fresh moments",
      find: "run.step = 0;",
      replace: "",
    },
  }),
  ...inFile("src/model/core.ts", ["model/clipping", "families/families"], {
    "clip-lost-with-schedule": {
      why: "a model whose rate follows a schedule does not clip",
      find: "if (clip) {",
      replace: "if (clip && !schedule) {",
    },
  }),
  ...inFile("src/model/step.ts", ["model/dropout"], {
    "gradients-of-the-first-mask": {
      why: "gradients() draws the mask of step 0, whatever the step",
      find: 'core.run("gradients").step = core.run("train").step;',
      replace: "",
    },
  }),
  ...inFile("src/model/variables.ts", ["initializers/initializers", "platform/hash"], {
    "weights-share-their-numbers": {
      why: "a layer's bias is drawn from the numbers of the next layer's kernel",
      find: "layer * VARIABLES_PER_LAYER + ordinal",
      replace: "layer + ordinal",
    },
  }),
  ...inFile("src/model/data.ts", ["model/badInput"], {
    "label-beyond-classes": {
      why: "a label equal to the number of classes is accepted",
      find: "label >= 0 && label < classes",
      replace: "label >= 0 && label <= classes",
    },
    "infinite-inputs": {
      why: "values that are not finite are let into training",
      find: "return a + b + c + d === 0;",
      replace: "return true;",
    },
  }),
  ...inFile("src/model/weights.ts", ["families/losses", "families/families"], {
    "class-weight-ignored": {
      why: "classWeight has no effect",
      find: "weights.get(classOf(i)) ?? 1",
      replace: "1",
    },
    "sample-weight-by-position": {
      why: "the weights of samples of several positions are shifted",
      find: "sampleWeight[Math.floor(i / positions)]!",
      replace: "sampleWeight[i % sampleWeight.length]!",
    },
  }),
  ...inFile("src/model/fitPlan.ts", ["model/fit", "families/losses", "families/families"], {
    "validation-takes-the-first-rows": {
      why: "training starts behind the held-out count instead of stopping before it",
      find: "sliceRows(array, 0, trainRows)",
      replace: "sliceRows(array, held, trainRows)",
    },
    "class-weight-in-validation": {
      why: "validation figures are weighted by class",
      find: "[...unweighted, ...weightsOf(core, compiled, unweighted, { sampleWeight })]",
      replace: "[...unweighted, ...weightsOf(core, compiled, unweighted, { sampleWeight, classWeight })]",
    },
  }),
  ...inFile("src/model/fit.ts", ["model/fit", "families/losses", "families/families"], {
    "resume-draws-a-new-order": {
      why: "a resumed epoch goes on in another order of rows",
      find: "if (progress.position === 0) progress.epochsBegun++;",
      replace: "progress.epochsBegun++;",
    },
    "resume-forgets-the-sums": {
      why: "a resumed epoch's figures are those of its rest alone",
      find: "if (progress.position > 0) this.#run.sums = progress.sums;",
      replace: "",
    },
  }),
  ...inFile("src/model/stream/streamDataset.ts", ["model/stream"], {
    "stream-tail-of-a-chunk": {
      why: "the last row of each chunk is skipped",
      find: "if (this.#taken === (this.#chunk?.[0]!.rows ?? 0)) return this.#ended;",
      replace: "if (this.#taken >= (this.#chunk?.[0]!.rows ?? 1) - 1) return this.#ended;",
    },
    "stream-end-not-seen": {
      why: "a batch is trained on before it is known whether it is the last: the epoch does not end with it",
      find: "return unsure ? Math.max(0, this.#drawn - 1) : this.#drawn;",
      replace: "return this.#drawn;",
    },
    "stream-slots-not-freed": {
      why: "slots are used again in another number than rows left the window",
      find: "this.#freeCount += count;",
      replace: "this.#freeCount += count - 1;",
    },
    "stream-resume-skips-too-few": {
      why: "a resume within stepsPerEpoch begins with the rows of the first epoch",
      find: "[this.#start, this.#drawn, this.#ended] = [-rows * from, 0, false];",
      replace: "[this.#start, this.#drawn, this.#ended] = [0, 0, false];",
    },
  }),
  ...inFile("src/model/stream/shuffleBuffer.ts", ["model/stream"], {
    "shuffle-buffer-wrong-draw": {
      why: "the row that came last is never drawn while the buffer is full",
      find: "this.#random.below(this.#size)",
      replace: "this.#random.below(this.#size - 1)",
    },
    "shuffle-buffer-every-epoch-alike": {
      why: "each epoch draws the same order",
      find: "new PhiloxStream(seed, STREAM_BUFFER, epoch)",
      replace: "new PhiloxStream(seed, STREAM_BUFFER)",
    },
  }),
  ...inFile("src/model/stream/reader.ts", ["model/stream"], {
    "reader-does-not-read-ahead": {
      why: "the next chunk is asked for when it is needed",
      find: "this.#ask(this.#options.readAhead);",
      replace: "",
    },
    "reader-leaves-sources-open": {
      why: "a file stays open where training stops early",
      find: "await this.#iterator?.return?.();",
      replace: "",
    },
  }),
  ...inFile("src/model/dataset.ts", ["model/fit"], {
    "window-order-from-the-start": {
      why: "each window holds the first rows of the epoch's order again",
      find: "order[start + row]!",
      replace: "order[row]!",
    },
    "window-one-row-short": {
      why: "a batch at the window's end is never complete: the fit runs for ever",
      find: "run.window({ start, rows: count });",
      replace: "run.window({ start, rows: count - 1 });",
    },
    "caller-owns-the-data": {
      why: "what the caller writes into its arrays after the call is trained on",
      find: "arrays.map((array) => ({ ...array, data: array.data.slice() }))",
      replace: "arrays.map((array) => ({ ...array, data: array.data.subarray() }))",
    },
  }),

  // ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("src/model/saved.ts", ["io/loadModel", "model/clipping", "families/families"], {
    "slots-under-another-name": {
      why: "writer and reader agree on a new name, and files of before have lost their moments",
      find: "return `optimizer/${slot}/${weight}`;",
      replace: "return `optimizer/${weight}/${slot}`;",
    },
  }),
  ...inFile("src/model/serialize.ts", ["io/loadModel", "model/clipping", "families/families"], {
    "frozen-lost-on-save": {
      why: "a loaded model trains what was frozen",
      find: "trainable: core.trainable[i]!,",
      replace: "trainable: true,",
    },
    "clip-lost-on-save": {
      why: "a loaded model does not clip",
      find: "...(clip && { clip }),",
      replace: "",
    },
  }),
  ...inFile("src/model/serialize.ts", ["families/losses", "families/optimizers", "families/families"], {
    "loss-options-lost-on-save": {
      why: "a loaded model trains without its label smoothing",
      find: "loss: outputs.length === 1 ? first.loss :",
      replace: "loss: outputs.length === 1 ? { name: first.loss.name } :",
    },
    "rate-multiplier-lost-on-save": {
      why: "a loaded model trains every layer at the full rate",
      find: "core.rateMultipliers[i] !== 1 &&",
      replace: "core.rateMultipliers[i] === undefined &&",
    },
  }),
  ...inFile("src/io/modelFile.ts", ["io/loadModel"], {
    "newer-file-accepted": {
      why: "a file of a newer format is read as if it were of this one",
      find: "if (version > FORMAT_VERSION) {",
      replace: "if (version > FORMAT_VERSION + 1) {",
    },
  }),
  ...inFile("assembly/program/forward.ts", ["predict/predict"], {
    "predictor-lacks-an-op": {
      why: "the build for inference says that it has an op which it has not",
      find: "    case Op.OP_LAYER_NORM:\n      return layerNorm(",
      replace: "    case Op.OP_LAYER_NORM + 1000:\n      return layerNorm(",
    },
    "predictor-reads-the-first-batch": {
      why: "every batch predicts the rows of the first",
      find: "    position += rows;\n    store<i32>(header, position, L.HEADER_POSITION);",
      replace: "    position += rows;",
    },
  }),
  ...inFile("src/runtime/compile.ts", ["runtime/engine"], {
    "module-of-another-realm": {
      why: "a module of another frame is taken for bytes",
      find: 'tagOf(given) === "[object WebAssembly.Module]"',
      replace: "given instanceof WebAssembly.Module",
    },
  }),
  ...inFile("src/io/loadModel.ts", ["model/fit", "io/loadModel"], {
    "resume-position-not-restored": {
      why: "a loaded model begins its epoch anew",
      find: "core.progress = { epoch, position,",
      replace: "core.progress = { epoch, position: 0,",
    },
    "resume-step-not-restored": {
      why: "a loaded model's Adam corrects its bias as in the first step",
      find: 'core.run("train").step = step;',
      replace: "",
    },
  }),
  ...inFile("src/formats/safetensors.ts", ["formats/safetensors"], {
    "safetensors-hole": {
      why: "bytes that belong to no tensor are accepted",
      find: "if (begin > covered) {",
      replace: "if (begin > covered + 1) {",
    },
    "safetensors-overlap": {
      why: "two tensors may share bytes",
      find: "if (begin < covered) {",
      replace: "if (begin < 0) {",
    },
    "safetensors-wide-last": {
      why: "the data of wide types come last and start at odd addresses",
      find: "bytesOf(b.dtype) - bytesOf(a.dtype)",
      replace: "bytesOf(a.dtype) - bytesOf(b.dtype)",
    },
    "safetensors-duplicate-key": {
      why: "a name that stands twice hides the first tensor",
      find: "if (seen.has(key)) {",
      replace: "if (false) {",
    },
  }),
  ...inFile("src/runtime/files.ts", ["runtime/files"], {
    "failed-write-leaves-a-file": {
      why: "a failed write leaves its temporary file behind",
      find: "if (temporary !== undefined) await fs.rm(",
      replace: "if (temporary === undefined) await fs.rm(",
    },
  }),

  // ── Initializers and data ───────────────────────────────────────────────────────────────────────────────────────

  ...inFile("src/initializers/table.ts", ["initializers/initializers", "golden/golden", "kernels/initializers"], {
    "fans-swapped": {
      why: "fan-in and fan-out change places: He scales by the wrong side",
      find: "return { fanIn: field * shape.at(-2)!, fanOut: field * shape.at(-1)! };",
      replace: "return { fanIn: field * shape.at(-1)!, fanOut: field * shape.at(-2)! };",
    },
    "truncated-not-rescaled": {
      why: "what truncation takes from the deviation is not given back",
      find: "stddev: stddev / TRUNCATED_STDDEV",
      replace: "stddev",
    },
    "he-is-glorot": {
      why: "He without the 2 that makes up for relu's halving",
      find: 'scaled(2, "fanIn", "truncatedNormal", fans)',
      replace: 'scaled(1, "fanIn", "truncatedNormal", fans)',
    },
  }),
  ...inFile("src/initializers/orthogonal.ts", ["initializers/initializers"], {
    "orthogonal-sign": {
      why: "the columns point the other way: R's diagonal is negative",
      find: "v[k]! /= norm;",
      replace: "v[k]! /= -norm;",
    },
  }),
  ...inFile("assembly/kernels/initializers.ts", ["kernels/initializers"], {
    "uniform-reaches-its-bound": {
      why: "rounding to f32 gives the upper bound, which is not in [low, high)",
      find: "min<f32>(f32(start + span * unit(load<u32>(out))), top)",
      replace: "f32(start + span * unit(load<u32>(out)))",
    },
    "truncated-at-one": {
      why: "the mass inside is that of one deviation, the mass below that of two",
      find: "const MASS_INSIDE: f64 = 0.9544997361036416;",
      replace: "const MASS_INSIDE: f64 = 0.6826894921370859;",
    },
  }),
  ...inFile("src/data/philox.ts", ["data/philox"], {
    "split-philox-nine-rounds": {
      why: "the generator beside the module is another one",
      find: "const ROUNDS = 10;",
      replace: "const ROUNDS = 9;",
    },
    "split-biased": {
      why: "words of the incomplete run are not drawn again",
      find: "while (word >= complete) word = this.next();",
      replace: "while (word > 2 ** 32) word = this.next();",
    },
  }),
  ...inFile("src/data/order.ts", ["data/shuffleSplit", "data/folds"], {
    "split-never-stays": {
      why: "a row never stays in its place (Sattolo's shuffle)",
      find: "random.below(last + 1)",
      replace: "random.below(last)",
    },
  }),
  ...inFile("src/data/shuffleSplit.ts", ["data/shuffleSplit"], {
    "stratify-rounds-down": {
      why: "what is left over by rounding goes to no class: the test part is too small",
      find: "i < missing ? quota + 1 : quota",
      replace: "quota",
    },
  }),
  ...inFile("src/data/idx.ts", ["data/idx"], {
    "idx-little-endian": {
      why: "16-bit values are read in the machine's order of bytes",
      find: "v.getInt16(2 * i)",
      replace: "v.getInt16(2 * i, true)",
    },
  }),
  ...inFile("src/data/oneHot.ts", ["data/oneHot"], {
    "one-hot-shifted": {
      why: "the one stands beside its label",
      find: "data[row * width + labels[row]!] = 1",
      replace: "data[row * width + ((labels[row]! + 1) % width)] = 1",
    },
  }),

  // ── Graphs, parts of one's own, averages, groups, callbacks, observation ────────────────────────────────────────

  ...inFile("src/model/graph.ts", ["model/graph"], {
    "shared-layer-copied": {
      why: "a layer that is applied twice gets weights of its own in each place",
      find: "placed.get(spec) ?? plan.place(spec, shapes)",
      replace: "plan.place(spec, shapes)",
    },
    "graph-order-reversed": {
      why: "inputs of a merge are looked at from the last on: layers are numbered otherwise than they are written",
      find: "stack.push(...waiting.toReversed());",
      replace: "stack.push(...waiting);",
    },
    "unused-input-accepted": {
      why: "an input that reaches no output is asked for in every call",
      find: "if (unused >= 0) {",
      replace: "if (unused > 0) {",
    },
  }),
  ...inFile("src/program/forward.ts", ["program/gradients", "model/graph"], {
    "joined-at-one-place": {
      why: "joined columns all stand where the first do",
      find: "offset += width.size;",
      replace: "",
    },
  }),
  ...inFile("src/model/core.ts", ["model/graph"], {
    "loss-weight-ignored": {
      why: "every output's loss counts alike",
      find: "weight: lossWeight, slot }",
      replace: "weight: 1, slot }",
    },
    "draws-by-layer": {
      why: "two uses of one dropout layer draw one mask",
      find: "ordinal,\n        frozen",
      replace: "ordinal: layer,\n        frozen",
    },
    "second-output-stored-first": {
      why: "predictions of several outputs all go to the first one's place",
      find: "this.architecture.outputs.forEach(({ tensor }, i) => b.store(tensors[tensor]!, i));",
      replace: "this.architecture.outputs.forEach(({ tensor }) => b.store(tensors[tensor]!, 0));",
    },
  }),
  ...inFile("src/model/core.ts", ["layers/define"], {
    "unreached-weight-stepped": {
      why: "a weight that no gradient reaches is stepped with what stood there",
      find: "if (!lost) return;",
      replace: "return;",
    },
  }),
  ...inFile("src/program/grad.ts", ["program/gradients", "layers/define"], {
    "minimum-gradient-of-maximum": {
      why: "the gradient of a minimum goes to the greater one",
      find: "[COMBINE_MINIMUM]: { ofA: where(COMBINE_AT_MOST)",
      replace: "[COMBINE_MINIMUM]: { ofA: where(COMBINE_AT_LEAST)",
    },
    "quotient-gradient-sign": {
      why: "the gradient of a divisor has the wrong sign",
      find: 'b.combine(COMBINE_MULTIPLY, values.dy, ratio, "slope"), -1, 0,',
      replace: 'b.combine(COMBINE_MULTIPLY, values.dy, ratio, "slope"), 1, 0,',
    },
    "ties-share-nothing": {
      why: "each of several greatest elements gets the whole gradient",
      find: 'const share = b.combine(COMBINE_DIVIDE, dy, b.rowSum(hits), "share");',
      replace: "const share = dy;",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["model/ema"], {
    "average-begins-at-start": {
      why: "the first step's average is pulled from the initial weights, not taken from the step",
      find: "load<u32>(header, L.HEADER_STEP) == 1 ? 1 : f0",
      replace: "f0",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["model/accumulate"], {
    "group-mean-unweighted": {
      why: "a short batch of a group counts as much as a full one",
      find: "const share = <f32>(rows / (rows + <f64>load<i32>(header, L.HEADER_GROUP_ROWS)));",
      replace: "const share = <f32>(1.0 / (1.0 + <f64>load<i32>(header, L.HEADER_GROUP_BATCHES)));",
    },
    "group-masks-alike": {
      why: "the batches of a group share one dropout mask",
      find: "return (<u32>layer) ^ (batch << 16);",
      replace: "return <u32>layer;",
    },
  }),
  ...inFile("src/callbacks/earlyStopping.ts", ["callbacks/earlyStopping"], {
    "patience-off-by-one": {
      why: "training stops an epoch late",
      find: "stopped: wait >= patience",
      replace: "stopped: wait > patience",
    },
    "best-weights-lost": {
      why: "the weights of the last epoch are kept for the best",
      find: "write(context, state.bestWeights!);",
      replace: "",
    },
  }),
  ...inFile("assembly/kernels/statistics.ts", ["kernels/statistics"], {
    "statistics-tail-counted": {
      why: "what stands behind the last element is counted as well",
      find: "if (rest < 4) value = v128.or(value, v128.not(firstLanes(rest)));",
      replace: "",
    },
    "statistics-strangers-are-zeros": {
      why: "what is not finite stands in the histogram as 0",
      find: "v128.store(middle, i32x4.sub(v128.load(middle), strangers));",
      replace: "",
    },
    "squared-distance-tail": {
      why: "a weight's step takes in what stands behind the weight",
      find: "v128.and(f32x4.sub(v128.load(a), v128.load(b)), firstLanes(min(rest, 4)))",
      replace: "f32x4.sub(v128.load(a), v128.load(b))",
    },
    "statistics-of-infinities": {
      why: "one infinite value makes mean and deviation useless",
      find: "const clean = v128.and(value, finite);",
      replace: "const clean = value;",
    },
  }),
  ...inFile("src/model/fit.ts", ["model/observe"], {
    "observed-one-step-late": {
      why: "the step after the one that was asked for is observed",
      find: "(every - (step % every)) % every",
      replace: "every - (step % every)",
    },
  }),
  ...inFile("src/model/compile.ts", ["model/graph"], {
    "losses-all-the-first": {
      why: "a list of losses is taken for the first of them",
      find: "outputs: losses.map((loss, i) =>",
      replace: "outputs: losses.map((_, i) => [losses[0]!, i] as const).map(([loss, i]) =>",
    },
  }),

  // ── Networks of PyTorch ───────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("src/torch/load.ts", ["torch/torch"], {
    "torch-order-by-name": {
      why: "modules are taken in the order of the file, where 10 stands before 4",
      find: "if (isIndex(l) && isIndex(r)) return Number(l) - Number(r);",
      replace: "if (isIndex(l) && isIndex(r)) return 0;",
    },
    "torch-order-guessed": {
      why: "modules with names are taken in the order of the file",
      find: "return part !== undefined && /^(0|[1-9]\\d{0,8})$/.test(part);",
      replace: "return true;",
    },
    "torch-extra-tensor": {
      why: "a tensor that the layer has no weight for is passed over",
      find: "if (found.length === names.length && names.every",
      replace: "if (names.every",
    },
    "torch-other-epsilon": {
      why: "Keras's epsilon is used with PyTorch's weights",
      find: "if (checkEpsilon) refuseOtherEpsilon(layer);",
      replace: "",
    },
    "torch-shape-by-size": {
      why: "a square kernel or a vector of another shape is taken",
      find: "if (!sameShape(tensor.shape, shape)) {",
      replace: "if (tensor.shape.reduce((a, b) => a * b, 1) !== shape.reduce((a, b) => a * b, 1)) {",
    },
  }),
  ...inFile("src/torch/tensors.ts", ["torch/torch"], {
    "torch-not-transposed": {
      why: "a kernel keeps PyTorch's order",
      find: "(_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!",
      replace: "(_, i) => data[i]!",
    },
    "torch-statistics-swapped": {
      why: "mean and variance change places",
      find: 'running_mean: "movingMean", running_var: "movingVariance"',
      replace: 'running_mean: "movingVariance", running_var: "movingMean"',
    },
  }),
  ...inFile("src/torch/save.ts", ["torch/torch"], {
    "torch-momentum-as-it-is": {
      why: "PyTorch's momentum is the share of the new, ours of the old",
      find: "(1 - momentum!)",
      replace: "momentum!",
    },
    "torch-name-as-code": {
      why: "a layer's name with a line break goes on as Python",
      find: "JSON.stringify(layer.name).slice(1, -1)",
      replace: "layer.name",
    },
    "torch-activation-not-counted": {
      why: "the indices leave out activations within dense layers",
      find: 'return activation.name === "linear" ? [linear] :',
      replace: 'return activation.name !== "" ? [linear] :',
    },
  }),
  ...inFile("src/formats/floats.ts", ["torch/torch"], {
    "floats-half-denormals": {
      why: "denormals have an implied bit, as other halves have",
      find: "exponent === 0 ? fraction *",
      replace: "exponent === 0 ? (1024 + fraction) *",
    },
    "floats-brain-lower-half": {
      why: "bfloat16 is read as the lower half of an f32",
      find: "(bits) => bits << 16",
      replace: "(bits) => bits",
    },
  }),

  // ── Networks of ONNX ──────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("src/formats/protobuf.ts", ["formats/protobuf"], {
    "protobuf-53-bits": {
      why: "large numbers are rounded to 53 bits",
      find: "value |= BigInt(byte & 127) << shift;",
      replace: "value = BigInt(Number(value) + (byte & 127) * 2 ** Number(shift));",
    },
    "protobuf-unsigned": {
      why: "negative numbers are read as large ones",
      find: "return BigInt.asIntN(64, this.#varint());",
      replace: "return this.#varint();",
    },
    "protobuf-eleven-bytes": {
      why: "a number may go on for ever",
      find: "if (shift === 63n && byte > 1)",
      replace: "if (shift === 630n && byte > 1)",
    },
    "protobuf-beyond-the-end": {
      why: "what is cut off is taken as far as it goes",
      find: "if (size > BigInt(left)) {",
      replace: "if (size < 0n) {",
    },
    "protobuf-last-one-wins": {
      why: "of two graphs in one file the second is read, and another program reads the first",
      find: "if (values[name] !== undefined) throw",
      replace: "if (values[name] === null) throw",
    },
    "protobuf-items-unbounded": {
      why: "a file of two-byte messages fills the memory",
      find: "if (++this.#items > MAX_ITEMS) {",
      replace: "if (this.#items > MAX_ITEMS) {",
    },
    "protobuf-unpacked-only": {
      why: "of numbers in several pieces only the first is kept",
      find: "for (const part of parts) {",
      replace: "for (const part of parts.slice(0, 1)) {",
    },
  }),
  ...inFile("src/keras/rules.ts", ["keras/keras", "tfjs/import"], {
    "keras-epsilon-of-another-layer": {
      why: "a batch normalization gets the default epsilon, whatever the file says",
      find: 'config.number("epsilon", 1e-3), config.number("momentum", 0.99)',
      replace: 'config.number("momentum", 0.99) && 1e-3, config.number("momentum", 0.99)',
    },
    "keras-statistics-swapped": {
      why: "mean and variance change places",
      find: '{ moving_mean: "movingMean", moving_variance: "movingVariance" }',
      replace: '{ moving_variance: "movingVariance", moving_mean: "movingMean" }',
    },
    "keras-option-overlooked": {
      why: "an option that nobody knows is passed over",
      find: "  const built = ruled(config, place);\n  config.refuseUnread();\n",
      replace: "  const built = ruled(config, place);\n",
    },
    "keras-subtraction-turned": {
      why: "b - a in the place of a - b",
      find: "sum.apply([a!, negative.apply(b!)])",
      replace: "sum.apply([b!, negative.apply(a!)])",
    },
    "keras-variance-of-nothing": {
      why: "a feature that never varied is divided by 0",
      find: "data.map((value) => Math.max(value, LEAST_VARIANCE))",
      replace: "data.map((value) => Math.max(value, 0))",
    },
  }),
  ...inFile("src/keras/parts.ts", ["keras/keras", "tfjs/import"], {
    "keras-hard-sigmoid-of-today": {
      why: "the hard sigmoid of Keras 2 is taken for that of Keras 3",
      find: "dialect === 2 && { inner: OLD_HARD_SIGMOID }",
      replace: "dialect === 3 && { inner: OLD_HARD_SIGMOID }",
    },
    "keras-last-axis-of-any": {
      why: "a normalization over another axis is taken for one over the last",
      find: "(axis[0] === -1 || axis[0] === axes)",
      replace: "(axis[0] === -1 || axis[0]! <= axes)",
    },
    "keras-ops-for-layers": {
      why: "x * 2 of Keras 3 is taken for a layer",
      find: 'module === "builtins" || (typeof module === "string" && MODULES.test(module))',
      replace: 'module === "builtins" || typeof module === "string"',
    },
  }),
  ...inFile("src/keras/models.ts", ["keras/keras", "tfjs/import"], {
    "keras-calls-counted-from-0": {
      why: "the second call of a model within a model of Keras 2 is taken for its first",
      find: "const call = callable && calls[ref.node - callable.firstNode];",
      replace: "const call = callable && calls[Math.max(0, ref.node - 1)];",
    },
    "keras-frozen-model-thaws": {
      why: "what a frozen model holds is trained",
      find: "trainable: scope.trainable && (!isObject(config)",
      replace: "trainable: scope.trainable || (!isObject(config)",
    },
  }),
  ...inFile("src/keras/reader.ts", ["keras/keras", "tfjs/import"], {
    "keras-weights-multiply": {
      why: "a small file asks for a large network",
      find: "this.#bytesLeft -= sizeOf(ours) * 4;",
      replace: "this.#bytesLeft -= 0;",
    },
  }),
  ...inFile("src/tfjs/weights.ts", ["tfjs/malformed", "tfjs/import"], {
    "tfjs-quantized-in-32-bits": {
      why: "quantized weights are rounded twice",
      find: "const value = (v: number) => v * scale + min;",
      replace: "const value = (v: number) => Math.fround(v * scale) + min;",
    },
    "tfjs-optimizer-takes-no-place": {
      why: "weights behind those of an optimizer are read from its bytes",
      find: "    offset += spec.bytes;\n",
      replace: '    if (own(entry, "group") !== "optimizer") offset += spec.bytes;\n',
    },
    "tfjs-piece-too-early": {
      why: "a weight that lies in two shards has the first part twice",
      find: "piece.subarray(from - at, to - at)",
      replace: "piece.subarray(0, to - from)",
    },
  }),
  ...inFile("src/runtime/files.ts", ["tfjs/files"], {
    "tfjs-path-up": {
      why: "a model.json reads files above its folder",
      find: 'part !== "." && part !== ".." &&',
      replace: 'part !== "." &&',
    },
    "tfjs-link-out": {
      why: "a link in the folder leads out of it",
      find: "if (!file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) throw outside(name);",
      replace: "",
    },
    "tfjs-name-decoded": {
      why: "%2e%2e in the name of a shard leads up",
      find: "parts.map(encodeURIComponent)",
      replace: "parts",
    },
  }),
  ...inFile("src/tfjs/parts.ts", ["tfjs/export"], {
    "tfjs-constraint-by-rows": {
      why: "norms are taken over rows",
      find: "for (let i = column; i < data.length; i += columns)",
      replace: "for (let i = column * shape[0]!; i < (column + 1) * shape[0]!; i++)",
    },
    "tfjs-normalization-thaws": {
      why: "statistics that are given are trained away",
      find: "center: false, scale: false, trainable: false }",
      replace: "center: false, scale: false }",
    },
  }),
  ...inFile("src/onnx/rules.ts", ["onnx/onnx"], {
    "onnx-transposition-ignored": {
      why: "a square kernel of PyTorch is taken as it lies",
      find: 'transposed: term.int("transB", 0) !== 0,',
      replace: 'transposed: term.int("transB", 0) > 1,',
    },
    "onnx-beta-ignored": {
      why: "a bias is not scaled",
      find: "values[values.length === 1 ? 0 : i]! * biasScale",
      replace: "values[values.length === 1 ? 0 : i]!",
    },
    "onnx-bias-of-a-shared-product": {
      why: "a product that others read gets the bias, too",
      find: 'if (value.op === "MatMul" && value.readers === 1) {',
      replace: 'if (value.op === "MatMul") {',
    },
    "onnx-mean-of-another-axis": {
      why: "a column of means is taken for a row of them",
      find: "sameShape(mean.shape, constant.shape)",
      replace: "mean.size === constant.size",
    },
    "onnx-sign-of-a-shift": {
      why: "what is subtracted is added",
      find: "offset: -numberOf(constant) }",
      replace: "offset: numberOf(constant) }",
    },
    "onnx-old-softmax": {
      why: "before set 13 the default axis was 1",
      find: "version < 13 ? 1 : -1",
      replace: "-1",
    },
    "onnx-training-mode": {
      why: "a normalization by the batch is taken for one by moving statistics",
      find: 'if (term.int("training_mode", 0) !== 0)',
      replace: 'if (term.int("training_mode", 0) > 1)',
    },
    "onnx-attribute-overlooked": {
      why: "an attribute that nobody knows is passed over",
      find: "  term.refuseUnread();\n",
      replace: "",
    },
    "onnx-swapped-statistics": {
      why: "mean and variance change places",
      find: '["gamma", "beta", "movingMean", "movingVariance"]',
      replace: '["gamma", "beta", "movingVariance", "movingMean"]',
    },
  }),
  ...inFile("src/onnx/patterns.ts", ["onnx/onnx"], {
    "onnx-pattern-of-two-values": {
      why: "x · sigmoid(z) is taken for silu",
      find: 'if (pattern === "x") return x === undefined || x === term ? term : undefined;',
      replace: 'if (pattern === "x") return term;',
    },
    "onnx-pattern-of-any-number": {
      why: "x · Φ(x) · 0.51 · 2 is taken for gelu",
      find: "<= 1e-5 * expected",
      replace: "<= 1e-1 * expected",
    },
  }),
  ...inFile("src/onnx/load.ts", ["onnx/onnx"], {
    "onnx-weights-multiply": {
      why: "a tensor serves thousands of layers, and the memory is full",
      find: "this.#bytesLeft -= data.byteLength;",
      replace: "this.#bytesLeft -= 0;",
    },
    "onnx-names-repeat": {
      why: "a value is computed twice, and the last one counts",
      find: "if (terms.has(name)) throw badGraph",
      replace: "if (terms.size < 0) throw badGraph",
    },
  }),
  ...inFile("src/onnx/save.ts", ["onnx/onnx"], {
    "onnx-weight-written-twice": {
      why: "a layer that is applied twice has its weights in the file twice",
      find: "if (!this.#written.has(name)) {",
      replace: "{",
    },
    "onnx-names-meet": {
      why: "two values have one name",
      find: "this.#taken.has(name) || this.#weights.has(name)",
      replace: "this.#weights.has(name)",
    },
    "onnx-scale-not-rooted": {
      why: "it divides by the variance",
      find: "/variance`, Math.sqrt)",
      replace: "/variance`)",
    },
  }),
  ...inFile("src/model/reuse.ts", ["model/reuse"], {
    "reuse-without-copy": {
      why: "reused layers see what later becomes of the base",
      find: "const data = variables.view(variable).slice();",
      replace: "const data = variables.view(variable);",
    },
    "reuse-frozen-forgotten": {
      why: "trainable: false freezes nothing",
      find: "new LayerSpec(kind, config, { name, trainable, learningRateMultiplier }, weightsOf(core, index))",
      replace: "new LayerSpec(kind, config, { name, learningRateMultiplier }, weightsOf(core, index))",
    },
    "extractor-weights-too-late": {
      why: "the extractor takes the weights as they are once it is made, not as they were when it was asked for",
      find: "variable.layer === layer).map((variable) => variables.view(variable).slice()),",
      replace: "variable.layer === layer).map((variable) => variables.view(variable)),",
    },
  }),
  ...inFile("src/model/architecture.ts", ["model/reuse"], {
    "reuse-drawn-anew": {
      why: "the new model's seed wins over what was learned",
      find: "weights ? variables.map((variable) => startingFrom(weights, variable, name, inputShape)) : variables",
      replace: "variables",
    },
  }),
  ...inFile("src/model/part.ts", ["model/reuse"], {
    "part-of-inputs-alone": {
      why: "of a merge only the first branch is taken",
      find: "for (const tensor of inputs) wanted.add(tensor);",
      replace: "wanted.add(inputs[0]!);",
    },
    "part-forgets-freezing": {
      why: "an extractor has layers as they were when the base was built, not as they are",
      find: "trainable: trainable[i]!,",
      replace: "",
    },
  }),
  ...inFile("src/model/layer.ts", ["model/reuse"], {
    "pattern-remembers": {
      why: "a RegExp with the flag g goes on where it last matched, and misses every other layer",
      find: "({ name }) => name.search(pattern) >= 0",
      replace: "({ name }) => pattern.test(name)",
    },
  }),
  ...inFile("src/model/frozenPart.ts", ["model/cacheFrozen"], {
    "frozen-statistics-of-batch": {
      why: "a batchNorm that is not frozen is taken for one whose output stays",
      find: 'batchNorm: "takes its statistics over the other rows of each batch, as it is not frozen itself",',
      replace: "",
    },
    "frozen-random-below": {
      why: "what stands above something random is cached all the same",
      find: "if (below !== undefined || reasonOf(nodes) !== undefined)",
      replace: "if (reasonOf(nodes) !== undefined)",
    },
    "frozen-trained-below": {
      why: "a layer that is trained is cached",
      find: "if (needsGradient) return;",
      replace: "",
    },
    "frozen-outputs-lost": {
      why: "an output of the frozen part itself is not kept",
      find: "for (const { tensor } of outputs) wanted.add(tensor);",
      replace: "",
    },
  }),
  ...inFile("src/model/frozenCache.ts", ["model/cacheFrozen"], {
    "cache-not-made-anew": {
      why: "outputs of a layer that was thawed and trained are kept",
      find: "return !this.#made || this.#freezes !== this.#core.freezes;",
      replace: "return !this.#made;",
    },
    "cache-after-writing": {
      why: "outputs of weights that a callback has replaced are kept",
      find: "this.#made = this.#part === undefined;",
      replace: "",
    },
    "cache-validation-as-training": {
      why: "the validation is cached by what training makes of its rows",
      find: '{ data: validation, mode: "frozenEvaluate" }',
      replace: '{ data: validation, mode: "frozenTrain" }',
    },
    "cache-inputs-around": {
      why: "an input that goes around the frozen part is taken for another one",
      find: ".map((tensor) => inputs[tensor]!);",
      replace: ".map((_, i) => inputs[i]!);",
    },
    "cache-beyond-memory": {
      why: "a cache is not refused that its data leave no room for",
      find: "if (data + bytes <= core.windowBytes) return part;",
      replace: "if (bytes <= core.windowBytes) return part;",
    },
    "cache-leaks": {
      why: "each fit leaves its outputs behind",
      find: "for (const outputs of this.#outputs) outputs.release();",
      replace: "",
    },
  }),
  ...inFile("src/model/fit.ts", ["model/cacheFrozen"], {
    "cache-stale-in-validation": {
      why: "weights written after an epoch's last step are validated by the outputs of those before",
      find: "await this.#cache?.update(signal);",
      replace: "",
    },
  }),
  ...inFile("src/callbacks/gradualUnfreezing.ts", ["callbacks/gradualUnfreezing"], {
    "unfreezing-begins-anew": {
      why: "a resume freezes again what had been thawed",
      find: "if (next.from === state.from) state = next;",
      replace: "",
    },
    "unfreezing-from-the-bottom": {
      why: "the lowest layer is thawed first",
      find: "groups.slice(0, Math.max(0, start)).toReversed()",
      replace: "groups.slice(0, Math.max(0, start))",
    },
    "unfreezing-by-hand-undone": {
      why: "each epoch sets all layers anew, whatever was frozen by hand",
      find: "set(below.slice(before, due).flat(), true);",
      replace: "set(below.slice(0, due).flat(), true);",
    },
  }),
  ...inFile("src/transfer/discriminativeRates.ts", ["transfer/discriminativeRates"], {
    "rates-upside-down": {
      why: "the lowest layer learns fastest",
      find: "layerGroups(model.layers).toReversed()",
      replace: "layerGroups(model.layers)",
    },
  }),

  // ── Files made to do damage ───────────────────────────────────────────────────────────────────────────────────────

  ...inFile("src/formats/safetensors.ts", ["formats/safetensors"], {
    "hostile-shape-overflow": {
      why: "a shape whose product leaves the exact integers passes for a small one",
      find: "if (!Number.isSafeInteger(size)) return undefined;",
      replace: "",
    },
    "hostile-shape-unbounded": {
      why: "a shape may have a million axes",
      find: "if (sizes.length === limit)",
      replace: "if (sizes.length < 0)",
    },
    "hostile-entries-unbounded": {
      why: "a header may name any number of tensors",
      find: "if (seen.add(key).size > MAX_ENTRIES) {",
      replace: "if (seen.add(key).size < 0) {",
    },
  }),
  ...inFile("src/formats/protobuf.ts", ["formats/protobuf"], {
    "hostile-pieces-uncounted": {
      why: "pieces of floats, of two bytes each, fill the memory",
      find: "this.#add(list, reader.floats(wire));",
      replace: "list.push(reader.floats(wire));",
    },
    "hostile-empty-messages": {
      why: "each of a million empty messages has lists of its own",
      find: "values[name] = NONE;",
      replace: "values[name] = [];",
    },
  }),
  ...inFile("src/check.ts", ["io/loadModel"], {
    "hostile-name-searched": {
      why: "a name of millions of letters is compared with every known one",
      find: "value.length > MOST_SHOWN ?",
      replace: "value.length < 0 ?",
    },
  }),
  ...inFile("src/model/graph.ts", ["io/loadModel"], {
    "hostile-ports-named-first": {
      why: "a name is found for each of very many outputs, before there are too many",
      find: "refuseTooMany(valuesOf(inputs).length, valuesOf(outputs).length);",
      replace: "",
    },
  }),
  ...inFile("src/metrics/index.ts", ["io/loadModel"], {
    "hostile-labels-from-one": {
      why: "for each of very many metrics all labels before are tried",
      find: "taken.set(name, i + 1);",
      replace: "",
    },
  }),
  ...inFile("src/formats/zip.ts", ["formats/zip"], {
    "zip-shared-bytes": {
      why: "entries may share bytes: a small archive unpacks to many times its size",
      find: "if (begin >= sorted[i]!.end) return;",
      replace: "if (begin >= sorted[i]!.begin) return;",
    },
    "zip-unchecked-sum": {
      why: "only each file is held to what all may take",
      find: "total += header.size;",
      replace: "total = header.size;",
    },
    "zip-stored-unchecked": {
      why: "a stored file's checksum is not compared",
      find: "if (crc32(packed) === crc) return packed;",
      replace: "return packed;",
    },
  }),
  ...inFile("src/formats/hdf5/dataset.ts", ["formats/hdf5"], {
    "hdf5-edge-of-a-chunk": {
      why: "chunks at the edge are as wide as the others: they overwrite the next row",
      find: "Math.min(length, shape[axis]! - begin[axis]!)",
      replace: "length",
    },
    "hdf5-chunk-twice": {
      why: "a chunk that comes twice hides that another is missing",
      find: "seen.add(begin.join());",
      replace: "",
    },
    "hdf5-filters-forwards": {
      why: "filters are undone in the order in which they were applied",
      find: "for (let i = filters.length - 1; i >= 0; i--) {",
      replace: "for (let i = 0; i < filters.length; i++) {",
    },
  }),
  ...inFile("src/formats/hdf5/file.ts", ["formats/hdf5"], {
    "hdf5-circles": {
      why: "a file that goes in circles does not end",
      find: "if (this.#itemsLeft >= 0) return;",
      replace: "if (this.#itemsLeft >= -1e7) return;",
    },
    "hdf5-uncharged": {
      why: "a dataset may take any memory",
      find: "this.#bytesLeft -= bytes;",
      replace: "",
    },
  }),
  ...inFile("src/keras/groups.ts", ["keras/files"], {
    "keras-miscounted": {
      why: "the second layer of a class is looked for as the third",
      find: "`${base}_${before}`",
      replace: "`${base}_${before + 1}`",
    },
    "keras-class-names": {
      why: "PReLU is looked for as prelu",
      find: '.replace(/([a-z])([A-Z])/g, "$1_$2")',
      replace: "",
    },
  }),
  ...inFile("src/keras/wholeModel.ts", ["keras/files"], {
    "keras-any-end": {
      why: "the weights of a layer are those of any that is called alike",
      find: "owner[owner.length - end.length + i] === name",
      replace: "owner.includes(name)",
    },
    "keras-list-in-parts": {
      why: "of a list in several attributes the first part counts",
      find: "all.push(...part);",
      replace: "if (i === 0) all.push(...part);",
    },
  }),
  // ── Threads ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  ...inFile("assembly/part.ts", ["threads/bits"], {
    "parts-overlap": {
      why: "each part has a unit of the next one too, that both work on in place",
      find: "cut(part + 1, size, unit) : size",
      replace: "min(size, cut(part + 1, size, unit) + unit) : size",
    },
    "parts-leave-the-rest": {
      why: "what is left behind the last whole unit is nobody's",
      find: "(size + unit - 1) / unit",
      replace: "size / unit",
    },
  }),
  ...inFile("assembly/program/crew.ts", ["threads/bits"], {
    "helpers-share-scratch": {
      why: "threads pack into one place",
      find: "return ASC_FEATURE_THREADS && thread > 0 ? scratch : recordScratch;",
      replace: "return recordScratch;",
    },
    "helpers-not-awaited": {
      why: "the next record begins before the last is done",
      find: "atomic.load<i32>(crew, L.CREW_DONE) != expected && turns",
      replace: "false && turns",
    },
  }),
  ...inFile("assembly/program/crew.ts", ["threads/guard"], {
    "halt-of-a-helper-lost": {
      why: "a gradient that is not finite in another thread's part is applied",
      find: "return !lost && load<i32>(crew, L.CREW_HALT) == 0;",
      replace: "return !lost;",
    },
  }),
  ...inFile("assembly/program/crew.ts", ["threads/death"], {
    "failure-unseen": {
      why: "a part that a thread failed in counts as done",
      find: "lost = turns >= PATIENCE_TURNS || load<i32>(crew, L.CREW_FAILED) != 0;",
      replace: "lost = turns >= PATIENCE_TURNS;",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["threads/bits"], {
    "masks-of-the-first-part": {
      why: "every thread draws the masks of the first elements",
      find: "seedLow(header, high, low), seedHigh(header, high), first);",
      replace: "seedLow(header, high, low), seedHigh(header, high), 0);",
    },
    "parts-gather-the-first-rows": {
      why: "every thread reads the rows of the first",
      find: "load<i32>(header, L.HEADER_POSITION) + begin;",
      replace: "load<i32>(header, L.HEADER_POSITION);",
    },
  }),
  ...inFile("assembly/program/executor.ts", ["threads/mixed"], {
    "last-thread-stays-in-its-part": {
      why: "records of one thread are cut, too",
      find: "takePart(0, 1);",
      replace: "",
    },
  }),
  ...inFile("assembly/kernels/gemm/loops.ts", ["threads/bits"], {
    "gemm-part-bias": {
      why: "columns of another part than the first start from its bias",
      find: "if (bias) bias += first << 2;",
      replace: "",
    },
  }),
];
