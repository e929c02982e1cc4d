;; Sums over the entries of sparse rows and steps of conjugate gradients, four lanes at a time.
;;
;; Dense rows have `stride` bytes, a multiple of 64 (sixteen float32; shorter rows end in zeros). Everything is float32.
;;
;; add_entries: adds to each row r of OUT the sum over its entries e of
;;     (constant + slope * V[r].Y[column(e)]) * Y[column(e)]
;;   offsets[r] .. offsets[r + 1] are entry numbers; indices holds the column of every entry.
;; conjugate_step: one step for each row: with |r|^2 in norms and AP = A P,
;;     length = |r|^2 / p.Ap, x += length p, r -= length Ap, p = r + (new |r|^2 / old |r|^2) p
;; squared_lengths: norms[r] = R[r].R[r]
(module
  (import "env" "memory" (memory 1))

  ;; The dot product of two rows of `stride` bytes.
  (func $dot (param $a i32) (param $b i32) (param $stride i32) (result f32)
    (local $end i32) (local $s v128) (local $t v128) (local $u v128) (local $w v128)
    (local.set $end (i32.add (local.get $a) (local.get $stride)))
    (loop $next
      (local.set $s (f32x4.add (local.get $s) (f32x4.mul
        (v128.load (local.get $a)) (v128.load (local.get $b)))))
      (local.set $t (f32x4.add (local.get $t) (f32x4.mul
        (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b)))))
      (local.set $u (f32x4.add (local.get $u) (f32x4.mul
        (v128.load offset=32 (local.get $a)) (v128.load offset=32 (local.get $b)))))
      (local.set $w (f32x4.add (local.get $w) (f32x4.mul
        (v128.load offset=48 (local.get $a)) (v128.load offset=48 (local.get $b)))))
      (local.set $a (i32.add (local.get $a) (i32.const 64)))
      (local.set $b (i32.add (local.get $b) (i32.const 64)))
      (br_if $next (i32.lt_u (local.get $a) (local.get $end))))
    (local.set $s (f32x4.add (f32x4.add (local.get $s) (local.get $t))
                             (f32x4.add (local.get $u) (local.get $w))))
    (f32.add (f32.add (f32x4.extract_lane 0 (local.get $s)) (f32x4.extract_lane 1 (local.get $s)))
             (f32.add (f32x4.extract_lane 2 (local.get $s)) (f32x4.extract_lane 3 (local.get $s)))))

  ;; out += weight * a, over `stride` bytes.
  (func $add (param $out i32) (param $weight f32) (param $a i32) (param $stride i32)
    (local $end i32) (local $w v128)
    (local.set $w (f32x4.splat (local.get $weight)))
    (local.set $end (i32.add (local.get $out) (local.get $stride)))
    (loop $next
      (v128.store (local.get $out) (f32x4.add (v128.load (local.get $out))
        (f32x4.mul (local.get $w) (v128.load (local.get $a)))))
      (v128.store offset=16 (local.get $out) (f32x4.add (v128.load offset=16 (local.get $out))
        (f32x4.mul (local.get $w) (v128.load offset=16 (local.get $a)))))
      (v128.store offset=32 (local.get $out) (f32x4.add (v128.load offset=32 (local.get $out))
        (f32x4.mul (local.get $w) (v128.load offset=32 (local.get $a)))))
      (v128.store offset=48 (local.get $out) (f32x4.add (v128.load offset=48 (local.get $out))
        (f32x4.mul (local.get $w) (v128.load offset=48 (local.get $a)))))
      (local.set $out (i32.add (local.get $out) (i32.const 64)))
      (local.set $a (i32.add (local.get $a) (i32.const 64)))
      (br_if $next (i32.lt_u (local.get $out) (local.get $end)))))

  ;; out = a + weight * out, over `stride` bytes.
  (func $scale_add (param $out i32) (param $weight f32) (param $a i32) (param $stride i32)
    (local $end i32) (local $w v128)
    (local.set $w (f32x4.splat (local.get $weight)))
    (local.set $end (i32.add (local.get $out) (local.get $stride)))
    (loop $next
      (v128.store (local.get $out) (f32x4.add (v128.load (local.get $a))
        (f32x4.mul (local.get $w) (v128.load (local.get $out)))))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (local.set $a (i32.add (local.get $a) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $out) (local.get $end)))))

  (func (export "add_entries")
    (param $offsets i32) (param $indices i32) (param $y i32) (param $v i32) (param $out i32)
    (param $rows i32) (param $stride i32) (param $constant f32) (param $slope f32)
    (local $end_row i32) (local $entry i32) (local $end i32) (local $at i32) (local $weight f32)
    (local.set $end_row (i32.add (local.get $offsets) (i32.shl (local.get $rows) (i32.const 2))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $offsets) (local.get $end_row)))
        ;; Byte addresses of the row's first and past its last column number.
        (local.set $entry
          (i32.add (local.get $indices) (i32.shl (i32.load (local.get $offsets)) (i32.const 2))))
        (local.set $end
          (i32.add (local.get $indices) (i32.shl (i32.load offset=4 (local.get $offsets)) (i32.const 2))))
        (block $row_done
          (loop $next
            (br_if $row_done (i32.ge_u (local.get $entry) (local.get $end)))
            (local.set $at
              (i32.add (local.get $y) (i32.mul (i32.load (local.get $entry)) (local.get $stride))))
            (local.set $weight (local.get $constant))
            (if (f32.ne (local.get $slope) (f32.const 0)) (then
              (local.set $weight (f32.add (local.get $constant) (f32.mul (local.get $slope)
                (call $dot (local.get $at) (local.get $v) (local.get $stride)))))))
            (call $add (local.get $out) (local.get $weight) (local.get $at) (local.get $stride))
            (local.set $entry (i32.add (local.get $entry) (i32.const 4)))
            (br $next)))
        (local.set $v (i32.add (local.get $v) (local.get $stride)))
        (local.set $out (i32.add (local.get $out) (local.get $stride)))
        (local.set $offsets (i32.add (local.get $offsets) (i32.const 4)))
        (br $row))))

  (func (export "conjugate_step")
    (param $x i32) (param $r i32) (param $p i32) (param $ap i32) (param $norms i32)
    (param $rows i32) (param $stride i32)
    (local $end i32) (local $norm f32) (local $curvature f32) (local $length f32) (local $turn f32)
    (local.set $end (i32.add (local.get $norms) (i32.shl (local.get $rows) (i32.const 2))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $norms) (local.get $end)))
        (local.set $norm (f32.load (local.get $norms)))
        (local.set $curvature (call $dot (local.get $p) (local.get $ap) (local.get $stride)))
        ;; A row that has converged, or never had an entry, stays where it is.
        (if (f32.gt (local.get $curvature) (f32.const 0)) (then
          (local.set $length (f32.div (local.get $norm) (local.get $curvature)))
          (call $add (local.get $x) (local.get $length) (local.get $p) (local.get $stride))
          (call $add (local.get $r) (f32.neg (local.get $length)) (local.get $ap) (local.get $stride))
          (f32.store (local.get $norms) (call $dot (local.get $r) (local.get $r) (local.get $stride)))
          (local.set $turn (f32.div (f32.load (local.get $norms)) (local.get $norm)))
          (call $scale_add (local.get $p) (local.get $turn) (local.get $r) (local.get $stride))))
        (local.set $x (i32.add (local.get $x) (local.get $stride)))
        (local.set $r (i32.add (local.get $r) (local.get $stride)))
        (local.set $p (i32.add (local.get $p) (local.get $stride)))
        (local.set $ap (i32.add (local.get $ap) (local.get $stride)))
        (local.set $norms (i32.add (local.get $norms) (i32.const 4)))
        (br $row))))

  (func (export "squared_lengths") (param $r i32) (param $norms i32) (param $rows i32) (param $stride i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $norms) (i32.shl (local.get $rows) (i32.const 2))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $norms) (local.get $end)))
        (f32.store (local.get $norms) (call $dot (local.get $r) (local.get $r) (local.get $stride)))
        (local.set $r (i32.add (local.get $r) (local.get $stride)))
        (local.set $norms (i32.add (local.get $norms) (i32.const 4)))
        (br $row)))))
