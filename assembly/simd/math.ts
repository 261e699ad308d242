// The functions of exp.ts and log.ts over arrays, x (n) → y (n), y may be x: for their tests and benchmarks.

import { exp4, expm1NonPositive4, expNonPositive4, sigmoid4, tanh4 } from "./exp";
import { log1pOfUnit4, log4 } from "./log";
import { map } from "./map";

class Exp {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _: v128): v128 {
    return exp4(x);
  }
}
class ExpNonPositive {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _: v128): v128 {
    return expNonPositive4(x);
  }
}
class Expm1NonPositive {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _: v128): v128 {
    return expm1NonPositive4(x);
  }
}
class Log {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _: v128): v128 {
    return log4(x);
  }
}
class Log1pOfUnit {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _: v128): v128 {
    return log1pOfUnit4(x);
  }
}
class Tanh {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _: v128): v128 {
    return tanh4(x);
  }
}
class Sigmoid {
  // @ts-ignore: decorator
  @inline
  at(x: v128, _: v128): v128 {
    return sigmoid4(x);
  }
}

export function expArray(n: i32, x: usize, y: usize): void {
  map<Exp>(n, x, y, 0);
}
export function expNonPositiveArray(n: i32, x: usize, y: usize): void {
  map<ExpNonPositive>(n, x, y, 0);
}
export function expm1NonPositiveArray(n: i32, x: usize, y: usize): void {
  map<Expm1NonPositive>(n, x, y, 0);
}
export function logArray(n: i32, x: usize, y: usize): void {
  map<Log>(n, x, y, 0);
}
export function log1pOfUnitArray(n: i32, x: usize, y: usize): void {
  map<Log1pOfUnit>(n, x, y, 0);
}
export function tanhArray(n: i32, x: usize, y: usize): void {
  map<Tanh>(n, x, y, 0);
}
export function sigmoidArray(n: i32, x: usize, y: usize): void {
  map<Sigmoid>(n, x, y, 0);
}
