;; One pass of an optimiser over an array: four numbers at a time, then what is left one by one. All float32 but for the sum of
;; squares, which is double. WebAssembly has no fused multiply-add and one thread runs it, so the bits are the same everywhere.
;;
;; w: parameter, g: gradient (byte addresses), count: numbers. The gradient that counts is  d = g * scale + w * l2.
;;
;; sgd:          w = w - rate * d
;; momentum:     b = momentum * b + d            w = w - rate * b
;; adam:         m = beta1 * m + rest1 * d       v = beta2 * v + rest2 * d * d
;;               w = w * keep - size * (m / (sqrt(v) * root + epsilon))
;; sum_squares:  g . g
;; add_rows:     row index[i] of a table += weight * row i, for count rows of `width` numbers, in this order
(module
  (import "env" "memory" (memory 1))

  (func (export "sgd")
    (param $w i32) (param $g i32) (param $count i32) (param $scale f32) (param $l2 f32) (param $rate f32)
    (local $wide i32) (local $end i32)
    (local.set $end (i32.add (local.get $w) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $wide (i32.add (local.get $w)
      (i32.shl (i32.and (local.get $count) (i32.const -4)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $w) (local.get $wide)))
        (v128.store (local.get $w) (f32x4.sub (v128.load (local.get $w))
          (f32x4.mul (f32x4.splat (local.get $rate)) (f32x4.add
            (f32x4.mul (v128.load (local.get $g)) (f32x4.splat (local.get $scale)))
            (f32x4.mul (v128.load (local.get $w)) (f32x4.splat (local.get $l2)))))))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $w) (local.get $end)))
        (f32.store (local.get $w) (f32.sub (f32.load (local.get $w))
          (f32.mul (local.get $rate) (f32.add
            (f32.mul (f32.load (local.get $g)) (local.get $scale))
            (f32.mul (f32.load (local.get $w)) (local.get $l2))))))
        (local.set $w (i32.add (local.get $w) (i32.const 4)))
        (local.set $g (i32.add (local.get $g) (i32.const 4)))
        (br $next))))

  (func (export "momentum")
    (param $w i32) (param $b i32) (param $g i32) (param $count i32)
    (param $scale f32) (param $l2 f32) (param $momentum f32) (param $rate f32)
    (local $wide i32) (local $end i32) (local $x v128) (local $y f32)
    (local.set $end (i32.add (local.get $w) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $wide (i32.add (local.get $w)
      (i32.shl (i32.and (local.get $count) (i32.const -4)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $w) (local.get $wide)))
        (local.set $x (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $momentum)) (v128.load (local.get $b)))
          (f32x4.add
            (f32x4.mul (v128.load (local.get $g)) (f32x4.splat (local.get $scale)))
            (f32x4.mul (v128.load (local.get $w)) (f32x4.splat (local.get $l2))))))
        (v128.store (local.get $b) (local.get $x))
        (v128.store (local.get $w) (f32x4.sub (v128.load (local.get $w))
          (f32x4.mul (f32x4.splat (local.get $rate)) (local.get $x))))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $b (i32.add (local.get $b) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $w) (local.get $end)))
        (local.set $y (f32.add
          (f32.mul (local.get $momentum) (f32.load (local.get $b)))
          (f32.add
            (f32.mul (f32.load (local.get $g)) (local.get $scale))
            (f32.mul (f32.load (local.get $w)) (local.get $l2)))))
        (f32.store (local.get $b) (local.get $y))
        (f32.store (local.get $w) (f32.sub (f32.load (local.get $w))
          (f32.mul (local.get $rate) (local.get $y))))
        (local.set $w (i32.add (local.get $w) (i32.const 4)))
        (local.set $b (i32.add (local.get $b) (i32.const 4)))
        (local.set $g (i32.add (local.get $g) (i32.const 4)))
        (br $next))))

  (func (export "adam")
    (param $w i32) (param $m i32) (param $v i32) (param $g i32) (param $count i32)
    (param $scale f32) (param $l2 f32) (param $keep f32)
    (param $beta1 f32) (param $rest1 f32) (param $beta2 f32) (param $rest2 f32)
    (param $root f32) (param $epsilon f32) (param $size f32)
    (local $wide i32) (local $end i32)
    (local $d4 v128) (local $m4 v128) (local $v4 v128)
    (local $d1 f32) (local $m1 f32) (local $v1 f32)
    (local.set $end (i32.add (local.get $w) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $wide (i32.add (local.get $w)
      (i32.shl (i32.and (local.get $count) (i32.const -4)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $w) (local.get $wide)))
        (local.set $d4 (f32x4.add
          (f32x4.mul (v128.load (local.get $g)) (f32x4.splat (local.get $scale)))
          (f32x4.mul (v128.load (local.get $w)) (f32x4.splat (local.get $l2)))))
        (local.set $m4 (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $beta1)) (v128.load (local.get $m)))
          (f32x4.mul (f32x4.splat (local.get $rest1)) (local.get $d4))))
        (local.set $v4 (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $beta2)) (v128.load (local.get $v)))
          (f32x4.mul (f32x4.splat (local.get $rest2)) (f32x4.mul (local.get $d4) (local.get $d4)))))
        (v128.store (local.get $m) (local.get $m4))
        (v128.store (local.get $v) (local.get $v4))
        (v128.store (local.get $w) (f32x4.sub
          (f32x4.mul (v128.load (local.get $w)) (f32x4.splat (local.get $keep)))
          (f32x4.mul (f32x4.splat (local.get $size)) (f32x4.div (local.get $m4)
            (f32x4.add (f32x4.mul (f32x4.sqrt (local.get $v4)) (f32x4.splat (local.get $root)))
              (f32x4.splat (local.get $epsilon)))))))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $m (i32.add (local.get $m) (i32.const 16)))
        (local.set $v (i32.add (local.get $v) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $w) (local.get $end)))
        (local.set $d1 (f32.add
          (f32.mul (f32.load (local.get $g)) (local.get $scale))
          (f32.mul (f32.load (local.get $w)) (local.get $l2))))
        (local.set $m1 (f32.add
          (f32.mul (local.get $beta1) (f32.load (local.get $m)))
          (f32.mul (local.get $rest1) (local.get $d1))))
        (local.set $v1 (f32.add
          (f32.mul (local.get $beta2) (f32.load (local.get $v)))
          (f32.mul (local.get $rest2) (f32.mul (local.get $d1) (local.get $d1)))))
        (f32.store (local.get $m) (local.get $m1))
        (f32.store (local.get $v) (local.get $v1))
        (f32.store (local.get $w) (f32.sub
          (f32.mul (f32.load (local.get $w)) (local.get $keep))
          (f32.mul (local.get $size) (f32.div (local.get $m1)
            (f32.add (f32.mul (f32.sqrt (local.get $v1)) (local.get $root)) (local.get $epsilon))))))
        (local.set $w (i32.add (local.get $w) (i32.const 4)))
        (local.set $m (i32.add (local.get $m) (i32.const 4)))
        (local.set $v (i32.add (local.get $v) (i32.const 4)))
        (local.set $g (i32.add (local.get $g) (i32.const 4)))
        (br $next))))

  (func (export "sum_squares") (param $g i32) (param $count i32) (result f64)
    (local $wide i32) (local $end i32) (local $x v128) (local $low v128) (local $high v128) (local $sum f64) (local $y f64)
    (local.set $end (i32.add (local.get $g) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $wide (i32.add (local.get $g)
      (i32.shl (i32.and (local.get $count) (i32.const -4)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $g) (local.get $wide)))
        (local.set $x (f64x2.promote_low_f32x4 (v128.load (local.get $g))))
        (local.set $low (f64x2.add (local.get $low) (f64x2.mul (local.get $x) (local.get $x))))
        (local.set $x (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $g))))
        (local.set $high (f64x2.add (local.get $high) (f64x2.mul (local.get $x) (local.get $x))))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (br $next)))
    (local.set $low (f64x2.add (local.get $low) (local.get $high)))
    (local.set $sum (f64.add (f64x2.extract_lane 0 (local.get $low)) (f64x2.extract_lane 1 (local.get $low))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $g) (local.get $end)))
        (local.set $y (f64.promote_f32 (f32.load (local.get $g))))
        (local.set $sum (f64.add (local.get $sum) (f64.mul (local.get $y) (local.get $y))))
        (local.set $g (i32.add (local.get $g) (i32.const 4)))
        (br $next)))
    (local.get $sum))

  (func (export "add_rows")
    (param $table i32) (param $width i32) (param $index i32) (param $rows i32) (param $count i32) (param $weight f32)
    (local $last i32) (local $to i32) (local $wide i32) (local $end i32)
    (local.set $last (i32.add (local.get $index) (i32.shl (local.get $count) (i32.const 2))))
    (block $finished
      (loop $row
        (br_if $finished (i32.eq (local.get $index) (local.get $last)))
        (local.set $to (i32.add (local.get $table)
          (i32.shl (i32.mul (i32.load (local.get $index)) (local.get $width)) (i32.const 2))))
        (local.set $end (i32.add (local.get $to) (i32.shl (local.get $width) (i32.const 2))))
        (local.set $wide (i32.add (local.get $to)
          (i32.shl (i32.and (local.get $width) (i32.const -4)) (i32.const 2))))
        (block $done
          (loop $next
            (br_if $done (i32.eq (local.get $to) (local.get $wide)))
            (v128.store (local.get $to) (f32x4.add (v128.load (local.get $to))
              (f32x4.mul (v128.load (local.get $rows)) (f32x4.splat (local.get $weight)))))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (local.set $rows (i32.add (local.get $rows) (i32.const 16)))
            (br $next)))
        (block $done
          (loop $next
            (br_if $done (i32.eq (local.get $to) (local.get $end)))
            (f32.store (local.get $to) (f32.add (f32.load (local.get $to))
              (f32.mul (f32.load (local.get $rows)) (local.get $weight))))
            (local.set $to (i32.add (local.get $to) (i32.const 4)))
            (local.set $rows (i32.add (local.get $rows) (i32.const 4)))
            (br $next)))
        (local.set $index (i32.add (local.get $index) (i32.const 4)))
        (br $row)))))
