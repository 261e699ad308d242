// Functions of two values, element by element: what layers of one's own are made of. Each is one class and one case.

import {
  COMBINE_ADD,
  COMBINE_AT_LEAST,
  COMBINE_AT_MOST,
  COMBINE_DIVIDE,
  COMBINE_EQUAL,
  COMBINE_GREATER,
  COMBINE_LESS,
  COMBINE_MAXIMUM,
  COMBINE_MINIMUM,
  COMBINE_MULTIPLY,
  COMBINE_SUBTRACT,
} from "../shared/combine";
import { broadcast } from "../simd/lanes";
import { zip } from "../simd/map";

/** c (n) = f(a (n), b (n)) by its code; c may be a or b. */
export function combine(code: i32, n: i32, a: usize, b: usize, c: usize): void {
  switch (code) {
    case COMBINE_ADD:
      return zip<Sum>(n, a, b, c, 0);
    case COMBINE_SUBTRACT:
      return zip<Difference>(n, a, b, c, 0);
    case COMBINE_MULTIPLY:
      return zip<Product>(n, a, b, c, 0);
    case COMBINE_DIVIDE:
      return zip<Quotient>(n, a, b, c, 0);
    case COMBINE_MAXIMUM:
      return zip<Maximum>(n, a, b, c, 0);
    case COMBINE_MINIMUM:
      return zip<Minimum>(n, a, b, c, 0);
    case COMBINE_AT_LEAST:
      return zip<AtLeast>(n, a, b, c, 0);
    case COMBINE_LESS:
      return zip<Less>(n, a, b, c, 0);
    case COMBINE_AT_MOST:
      return zip<AtMost>(n, a, b, c, 0);
    case COMBINE_GREATER:
      return zip<Greater>(n, a, b, c, 0);
    case COMBINE_EQUAL:
      return zip<Equal>(n, a, b, c, 0);
  }
}

/** c (rows, width) = f(a (rows, width), b (width)), the same b for every row; c may be a. */
export function combineRows(code: i32, rows: i32, width: i32, a: usize, b: usize, c: usize): void {
  const pitch = (<usize>width) << 2;
  for (let i = 0; i < rows; ++i, a += pitch, c += pitch) combine(code, width, a, b, c);
}

const ONE = memory.data<f32>([1]);

class Sum {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return f32x4.add(a, b);
  }
}
class Difference {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return f32x4.sub(a, b);
  }
}
class Product {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return f32x4.mul(a, b);
  }
}
class Quotient {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return f32x4.div(a, b);
  }
}
/** f32x4.max rather than pmax: NaN on either side comes out. */
class Maximum {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return f32x4.max(a, b);
  }
}
class Minimum {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return f32x4.min(a, b);
  }
}
class AtLeast {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return v128.and(f32x4.ge(a, b), broadcast(ONE));
  }
}
class Less {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return v128.and(f32x4.lt(a, b), broadcast(ONE));
  }
}
class AtMost {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return v128.and(f32x4.le(a, b), broadcast(ONE));
  }
}
class Greater {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return v128.and(f32x4.gt(a, b), broadcast(ONE));
  }
}
class Equal {
  // @ts-ignore: decorator
  @inline
  at(a: v128, b: v128, _: v128): v128 {
    return v128.and(f32x4.eq(a, b), broadcast(ONE));
  }
}
