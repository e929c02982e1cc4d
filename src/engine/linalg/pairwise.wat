;; The parts of a step of pairwise learning on embeddings, four lanes at a time. Everything is float32.
;;
;; Rows have `stride` bytes, a multiple of 64 (sixteen float32; shorter rows end in zeros). Row numbers are int32.
;;
;; propagate: OUT[r] = factor * (BASE[r] + scale[r] * sum over the entries e of row r of scale[column(e)] * IN[column(e)])
;;   offsets[r] .. offsets[r + 1] are entry numbers; columns holds the column of every entry.
;; differences: out[n] = X[user[n]] . (X[positive[n]] - X[negative[n]])
;; spread: with c = weight[n], for each n in turn:
;;     G[user] += c (X[positive] - X[negative]), G[positive] += c X[user], G[negative] -= c X[user]
;; add_rows: G[row[n]] += weight * X[row[n]] for each n
;; adam: m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, w -= step m / (sqrt(v) root + epsilon), over `bytes`
(module
  (import "env" "memory" (memory 1))

  (func $at (param $base i32) (param $numbers i32) (param $n i32) (param $stride i32) (result i32)
    (i32.add (local.get $base) (i32.mul (local.get $stride)
      (i32.load (i32.add (local.get $numbers) (i32.shl (local.get $n) (i32.const 2)))))))

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

  (func (export "propagate")
    (param $offsets i32) (param $columns i32) (param $scale i32) (param $base i32) (param $in i32) (param $out i32)
    (param $rows i32) (param $stride i32) (param $factor f32)
    (local $row i32) (local $first i32) (local $end i32) (local $entry i32) (local $column i32) (local $lane i32)
    (local $a i32) (local $w v128) (local $own v128) (local $all v128)
    (local $s v128) (local $t v128) (local $u v128) (local $v v128)
    (local.set $all (f32x4.splat (local.get $factor)))
    (block $done
      (loop $next_row
        (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
        (local.set $first (i32.add (local.get $columns) (i32.shl (i32.load (local.get $offsets)) (i32.const 2))))
        (local.set $end (i32.add (local.get $columns) (i32.shl (i32.load offset=4 (local.get $offsets)) (i32.const 2))))
        (local.set $own (v128.load32_splat (i32.add (local.get $scale) (i32.shl (local.get $row) (i32.const 2)))))
        (local.set $lane (i32.const 0))
        ;; Sixteen numbers of the row at a time stay in registers while all entries pass.
        (loop $next_lane
          (local.set $s (v128.const i32x4 0 0 0 0))
          (local.set $t (v128.const i32x4 0 0 0 0))
          (local.set $u (v128.const i32x4 0 0 0 0))
          (local.set $v (v128.const i32x4 0 0 0 0))
          (local.set $entry (local.get $first))
          (block $row_done
            (loop $next
              (br_if $row_done (i32.ge_u (local.get $entry) (local.get $end)))
              (local.set $column (i32.load (local.get $entry)))
              (local.set $w
                (v128.load32_splat (i32.add (local.get $scale) (i32.shl (local.get $column) (i32.const 2)))))
              (local.set $a (i32.add (i32.add (local.get $in) (local.get $lane))
                (i32.mul (local.get $column) (local.get $stride))))
              (local.set $s (f32x4.add (local.get $s) (f32x4.mul (local.get $w) (v128.load (local.get $a)))))
              (local.set $t (f32x4.add (local.get $t) (f32x4.mul (local.get $w) (v128.load offset=16 (local.get $a)))))
              (local.set $u (f32x4.add (local.get $u) (f32x4.mul (local.get $w) (v128.load offset=32 (local.get $a)))))
              (local.set $v (f32x4.add (local.get $v) (f32x4.mul (local.get $w) (v128.load offset=48 (local.get $a)))))
              (local.set $entry (i32.add (local.get $entry) (i32.const 4)))
              (br $next)))
          (local.set $a (i32.add (local.get $out) (local.get $lane)))
          (local.set $column (i32.add (local.get $base) (local.get $lane)))
          (v128.store (local.get $a) (f32x4.mul (local.get $all)
            (f32x4.add (v128.load (local.get $column)) (f32x4.mul (local.get $own) (local.get $s)))))
          (v128.store offset=16 (local.get $a) (f32x4.mul (local.get $all)
            (f32x4.add (v128.load offset=16 (local.get $column)) (f32x4.mul (local.get $own) (local.get $t)))))
          (v128.store offset=32 (local.get $a) (f32x4.mul (local.get $all)
            (f32x4.add (v128.load offset=32 (local.get $column)) (f32x4.mul (local.get $own) (local.get $u)))))
          (v128.store offset=48 (local.get $a) (f32x4.mul (local.get $all)
            (f32x4.add (v128.load offset=48 (local.get $column)) (f32x4.mul (local.get $own) (local.get $v)))))
          (local.set $lane (i32.add (local.get $lane) (i32.const 64)))
          (br_if $next_lane (i32.lt_u (local.get $lane) (local.get $stride))))
        (local.set $base (i32.add (local.get $base) (local.get $stride)))
        (local.set $out (i32.add (local.get $out) (local.get $stride)))
        (local.set $offsets (i32.add (local.get $offsets) (i32.const 4)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $next_row))))

  (func (export "differences")
    (param $x i32) (param $user i32) (param $positive i32) (param $negative i32) (param $out i32)
    (param $count i32) (param $stride i32)
    (local $n i32) (local $a i32) (local $b i32) (local $c i32) (local $end i32) (local $s v128) (local $t v128)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $n) (local.get $count)))
        (local.set $a (call $at (local.get $x) (local.get $user) (local.get $n) (local.get $stride)))
        (local.set $b (call $at (local.get $x) (local.get $positive) (local.get $n) (local.get $stride)))
        (local.set $c (call $at (local.get $x) (local.get $negative) (local.get $n) (local.get $stride)))
        (local.set $end (i32.add (local.get $a) (local.get $stride)))
        (local.set $s (v128.const i32x4 0 0 0 0))
        (local.set $t (v128.const i32x4 0 0 0 0))
        (loop $lane
          (local.set $s (f32x4.add (local.get $s) (f32x4.mul (v128.load (local.get $a))
            (f32x4.sub (v128.load (local.get $b)) (v128.load (local.get $c))))))
          (local.set $t (f32x4.add (local.get $t) (f32x4.mul (v128.load offset=16 (local.get $a))
            (f32x4.sub (v128.load offset=16 (local.get $b)) (v128.load offset=16 (local.get $c))))))
          (local.set $a (i32.add (local.get $a) (i32.const 32)))
          (local.set $b (i32.add (local.get $b) (i32.const 32)))
          (local.set $c (i32.add (local.get $c) (i32.const 32)))
          (br_if $lane (i32.lt_u (local.get $a) (local.get $end))))
        (local.set $s (f32x4.add (local.get $s) (local.get $t)))
        (f32.store (i32.add (local.get $out) (i32.shl (local.get $n) (i32.const 2)))
          (f32.add (f32.add (f32x4.extract_lane 0 (local.get $s)) (f32x4.extract_lane 1 (local.get $s)))
                   (f32.add (f32x4.extract_lane 2 (local.get $s)) (f32x4.extract_lane 3 (local.get $s)))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next))))

  (func (export "spread")
    (param $x i32) (param $g i32) (param $user i32) (param $positive i32) (param $negative i32) (param $weight i32)
    (param $count i32) (param $stride i32)
    (local $n i32) (local $c f32) (local $xu i32) (local $gu i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $n) (local.get $count)))
        (local.set $c (f32.load (i32.add (local.get $weight) (i32.shl (local.get $n) (i32.const 2)))))
        (local.set $xu (call $at (local.get $x) (local.get $user) (local.get $n) (local.get $stride)))
        (local.set $gu (call $at (local.get $g) (local.get $user) (local.get $n) (local.get $stride)))
        (call $add (local.get $gu) (local.get $c)
          (call $at (local.get $x) (local.get $positive) (local.get $n) (local.get $stride)) (local.get $stride))
        (call $add (local.get $gu) (f32.neg (local.get $c))
          (call $at (local.get $x) (local.get $negative) (local.get $n) (local.get $stride)) (local.get $stride))
        (call $add (call $at (local.get $g) (local.get $positive) (local.get $n) (local.get $stride))
          (local.get $c) (local.get $xu) (local.get $stride))
        (call $add (call $at (local.get $g) (local.get $negative) (local.get $n) (local.get $stride))
          (f32.neg (local.get $c)) (local.get $xu) (local.get $stride))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next))))

  (func (export "add_rows")
    (param $x i32) (param $g i32) (param $row i32) (param $count i32) (param $stride i32) (param $weight f32)
    (local $n i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $n) (local.get $count)))
        (call $add (call $at (local.get $g) (local.get $row) (local.get $n) (local.get $stride)) (local.get $weight)
          (call $at (local.get $x) (local.get $row) (local.get $n) (local.get $stride)) (local.get $stride))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next))))

  (func (export "adam")
    (param $w i32) (param $m i32) (param $v i32) (param $g i32) (param $bytes i32)
    (param $beta1 f32) (param $beta2 f32) (param $rest1 f32) (param $rest2 f32)
    (param $step f32) (param $root f32) (param $epsilon f32)
    (local $end i32) (local $gradient v128) (local $first v128) (local $second v128)
    (local.set $end (i32.add (local.get $w) (local.get $bytes)))
    (loop $next
      (local.set $gradient (v128.load (local.get $g)))
      (local.set $first (f32x4.add
        (f32x4.mul (f32x4.splat (local.get $beta1)) (v128.load (local.get $m)))
        (f32x4.mul (f32x4.splat (local.get $rest1)) (local.get $gradient))))
      (local.set $second (f32x4.add
        (f32x4.mul (f32x4.splat (local.get $beta2)) (v128.load (local.get $v)))
        (f32x4.mul (f32x4.splat (local.get $rest2)) (f32x4.mul (local.get $gradient) (local.get $gradient)))))
      (v128.store (local.get $m) (local.get $first))
      (v128.store (local.get $v) (local.get $second))
      (v128.store (local.get $w) (f32x4.sub (v128.load (local.get $w))
        (f32x4.div (f32x4.mul (f32x4.splat (local.get $step)) (local.get $first))
          (f32x4.add (f32x4.mul (f32x4.sqrt (local.get $second)) (f32x4.splat (local.get $root)))
                     (f32x4.splat (local.get $epsilon))))))
      (local.set $w (i32.add (local.get $w) (i32.const 16)))
      (local.set $m (i32.add (local.get $m) (i32.const 16)))
      (local.set $v (i32.add (local.get $v) (i32.const 16)))
      (local.set $g (i32.add (local.get $g) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $w) (local.get $end)))))

)
