"""What scripts/kernel_table reads from machine code and counters, and its model of a GPU's time."""

import importlib.machinery
import importlib.util
import sys
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
import gpu_model  # noqa: E402
import kernel_binaries  # noqa: E402
import machine_code  # noqa: E402
import virtual_counts  # noqa: E402


def load_script(name):
    """A program of scripts/, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(SCRIPTS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


kernel_table = load_script("kernel_table")

LISTING = """
\t\tFunction : outer_and_inner
        /*0000*/                   MOV R1, c[0x0][0x28] ;
                                                           /* 0x00000a0000017a02 */
        /*0010*/                   S2R R0, SR_TID.X ;
        /*0020*/                   LDG.E.128 R4, [R2.64] ;
        /*0030*/                   FFMA R8, R4, R5, R8 ;
        /*0040*/              @!P0 BRA 0x30 ;
        /*0050*/                   STG.E [R2.64], R8 ;
        /*0060*/               @P1 BRA.U `(.L_x_1) 0x10 ;
        /*0070*/                   FADD R8, R8, R9 ;
        /*0080*/                   FADD R8, R8, R9 ;
        /*0090*/               @P2 BRA 0x70 ;
        /*00a0*/                   EXIT ;
\t\tFunction : product
        /*0000*/                   LDGSTS.E.BYPASS.128 [R3], [R2.64] ;
        /*0010*/                   LDG.E.U16 R4, [R2.64] ;
        /*0020*/                   STS.U16 [R3], R4 ;
        /*0030*/                   FFMA R8, R4, R5, R8 ;
        /*0040*/                   IADD3 R2, R2, 0x1, RZ ;
        /*0050*/               @P0 BRA 0x10 ;
        /*0060*/                   HMMA.16816.F32.BF16 R4, R4, R8, R12 ;
        /*0070*/               @P1 BRA 0x0 ;
        /*0080*/                   EXIT ;
\t\tFunction : moves
        /*0000*/                   LDG.E.128 R4, [R2.64] ;
        /*0010*/                   STG.E.128 [R2.64], R4 ;
        /*0020*/               @P0 BRA 0x0 ;
        /*0030*/                   STG.E [R2.64], R8 ;
        /*0040*/               @P1 BRA 0x30 ;
        /*0050*/                   EXIT ;
\t\tFunction : straight
        /*0000*/                   IADD3 R2, R2, 0x1, RZ ;
        /*0010*/              @!P2 MUFU.EX2 R3, R2 ;
        /*0020*/                   BRA 0x30 ;
        /*0030*/                   EXIT ;
"""


def counts_of(calls=virtual_counts.CALLS, **counters):
    """The counters of one kernel, per call."""
    kernel = {"mangled": "k", "warp_instructions": 0, "lane_instructions": 0}
    kernel.update(counters)

    def scaled(value):
        return {key: scaled(part) for key, part in value.items()} if isinstance(value, dict) else calls * value
    return virtual_counts.Counts([{key: value if key == "mangled" else scaled(value)
                                   for key, value in kernel.items()}])


class MachineCodeTest(unittest.TestCase):
    def setUp(self):
        self.code = machine_code.parse_listing(LISTING.splitlines())

    def test_a_listing_is_read_by_kernel(self):
        self.assertEqual(list(self.code), ["outer_and_inner", "product", "moves", "straight"])
        self.assertEqual(len(self.code["outer_and_inner"]), 11)
        self.assertEqual(self.code["straight"][1], (0x10, "@!P2 MUFU.EX2 R3, R2"))

    def addresses(self, kernel):
        return [address for address, _ in machine_code.main_loop(self.code[kernel])]

    def test_the_main_loop_is_the_one_that_computes_most(self):
        self.assertEqual(self.addresses("outer_and_inner"), [0x30, 0x40])

    def test_a_loop_around_a_longer_one_is_taken_by_itself_for_its_tensor_instructions(self):
        self.assertEqual(self.addresses("product"), [0x00, 0x60, 0x70])
        self.assertIn("tensor 33", machine_code.main_loop_mix(self.code["product"]))

    def test_the_main_loop_of_what_only_moves_is_the_longest_of_the_innermost(self):
        self.assertEqual(self.addresses("moves"), [0x00, 0x10, 0x20])

    def test_a_kernel_without_a_loop_is_taken_whole(self):
        self.assertEqual(machine_code.main_loop(self.code["straight"]), self.code["straight"])

    def test_opcodes_have_kinds(self):
        for instruction, kind in (("@!P2 MUFU.EX2 R3, R2", "special"), ("@UP0 UIADD3 UR4, UR4, 1, URZ", "int"),
                                  ("HMMA.16816.F32.BF16 R4, R4, R8, R12", "tensor"),
                                  ("LDSM.16.M88.4 R4, [R3]", "shared"),
                                  ("LDL R4, [R1]", "local"), ("LDGSTS.E.BYPASS.128 [R3], [R2.64]", "global"),
                                  ("F2FP.BF16.F32.PACK_AB R4, R5, R6", "half"), ("HFMA2.BF16 R4, R5, R6, R7", "half"),
                                  ("F2F.F64.F32 R4, R5", "convert"), ("IMAD.MOV.U32 R4, RZ, RZ, R5", "move"),
                                  ("@P0 UMOV UR4, UR5", "move"), ("ULDC.64 UR4, c[0x0][0x118]", "move"),
                                  ("S2UR UR4, SR_CTAID.X", "move"), ("IMAD R4, R5, R6, R7", "int"),
                                  ("HFMA2.MMA R4, -RZ, RZ, 0, 1", "move"), ("DFMA R4, R6, R8, R4", "f64")):
            self.assertEqual(machine_code.kind_of(instruction), kind, instruction)

    def test_a_mix_gives_the_commonest_first(self):
        self.assertEqual(machine_code.main_loop_mix(self.code["straight"]), "control 50, int 25, special 25")


class ModelTest(unittest.TestCase):
    GPU = gpu_model.Gpu("one", "90", multiprocessors=1, clock=1.0, bytes_per_second=100.0, f32_instructions=4.0,
                        half_instructions=1.0, tensor_flops=4096.0)

    def test_what_only_moves_bytes_is_at_the_speed_of_light(self):
        counts = counts_of(warp_instructions=3)
        self.assertEqual(gpu_model.speed_of_light(self.GPU, 1000, 0, counts), (1.0, "memory"))

    def test_instructions_that_take_longer_than_the_bytes_bound_it(self):
        counts = counts_of(warp_instructions=50, warps_by_class={"int": 50})
        self.assertEqual(gpu_model.speed_of_light(self.GPU, 1000, 0, counts), (10 / 25, "int"))

    def test_half_and_convert_instructions_take_time_too(self):
        for kind, seconds in (("half", 30), ("convert", 15)):
            counts = counts_of(warp_instructions=30, warps_by_class={kind: 30})
            self.assertEqual(gpu_model.speed_of_light(self.GPU, 1000, 0, counts), (10 / seconds, kind))

    def test_a_floor_of_flops_is_that_of_the_units_that_compute(self):
        fma = counts_of(warps_by_class={"fp32": 80})
        self.assertEqual(gpu_model.speed_of_light(self.GPU, 1, 2560, fma), (10 / 20, "f32"))
        tensor = counts_of(tensor_flops=40960, shared_load={"wavefronts": 15}, shared_store={"wavefronts": 5})
        self.assertEqual(gpu_model.speed_of_light(self.GPU, 1, 40960, tensor), (10 / 20, "shared"))
        self.assertEqual(gpu_model.speed_of_light(self.GPU, 1, 40960, tensor, in_tf32=True), (20 / 20, "tensor"))


class TableTest(unittest.TestCase):
    def test_a_case_names_whose_kernel_it_is(self):
        names = ("attention:tf32/forward/cuda/f32/8x8", "softmax/forward/cuda/f32/8x8")
        self.assertEqual([virtual_counts.contender_of(name) for name in names], ["tf32", ""])
        self.assertEqual([virtual_counts.is_in_tf32(name) for name in names], [True, False])

    def test_large_cases_are_left_out_unless_an_operation_has_no_other(self):
        cases = [f"copy/{name}/iterations:1/manual_time"
                 for name in ("a/cuda/f32/64x64", "a/cuda/f32/9000x1000", "b/cuda/f32/9000x1000",
                              "b/cuda/f32/9000x2000")]
        self.assertEqual(kernel_table.chosen_cases(cases), [cases[0], cases[2]])

    def test_the_size_of_a_product_is_that_of_its_largest_operand(self):
        cases = [f"product/a/cuda/f32/{shape}/iterations:1/manual_time" for shape in ("64x64x64", "1024x1024x1024")]
        self.assertEqual(kernel_table.chosen_cases(cases), cases)

    def test_a_filter_passes_the_case_alone(self):
        self.assertEqual(virtual_counts.pattern_of("reduce/sum of rows/f32/1x2"), "^reduce/sum of rows/f32/1x2$")
        self.assertEqual(virtual_counts.pattern_of("a.b"), r"^a\.b$")

    def test_a_row_joins_counters_and_machine_code(self):
        name = "_ZN3ebb7kernels4cuda6squareIfEEvPT_"
        counts = counts_of(mangled=name, blocks=1, threads=256, dynamic_shared=0, lane_instructions=500,
                           global_load={"sectors": 2, "bytes": 64}, global_store={"sectors": 4, "bytes": 64})
        benchmark = {"bytes": 128, "elements": 50, "flops": 0}
        compiled = {("90", name): {"registers": 32, "shared": 0}}
        code = {name: [(0, "FADD R1, R1, R1"), (16, "BRA 0x0"), (32, "EXIT")]}
        row = kernel_table.row_of("square/forward/cuda/f32/50/iterations:1/manual_time", benchmark, counts, compiled,
                                  code)
        self.assertEqual(row["case"], "square/forward/f32/50")
        self.assertEqual(row["kernel"], "square")
        self.assertEqual((row["bytes"], row["moved"], row["sectors"]), ("128", "1.50", "1.00 / 2.00"))
        self.assertEqual((row["instructions"], row["banks"]), ("10.0", "- / -"))
        self.assertEqual(row["H100: registers / occupancy"], "32 / 100 %")
        self.assertEqual(row["A100: registers / occupancy"], "-")
        self.assertEqual(row["main loop, %"], "f32 50, control 50")
        text = kernel_table.table_of([row], ["90"])
        self.assertIn("for sm_90.", text)
        self.assertIn("| square/forward/f32/50 | square | 1 | 128 |", text)

    def test_the_loop_of_a_kernel_on_tensor_cores_has_tensor_instructions(self):
        name = "_ZN3ebb7kernels7productEv"
        benchmark = {"bytes": 128, "elements": 50, "flops": 100}
        counts = counts_of(mangled=name, blocks=1, threads=32, dynamic_shared=0, tensor_flops=100)

        def row(*instructions):
            code = {name: list(enumerate([*instructions, "EXIT"]))}
            return kernel_table.row_of("product/forward/cuda/bf16/50/iterations:1", benchmark, counts, {}, code)
        self.assertEqual(row("HMMA.16816.F32.BF16 R4, R4, R8, R12")["main loop, %"], "tensor 50, control 50")
        with self.assertRaisesRegex(SystemExit, "product/forward/bf16/50: .* no tensor instructions"):
            row("FADD R1, R1, R1")

    def test_no_gpu_may_lack_machine_code(self):
        kernel = {"registers": 32, "shared": 0}
        kernel_table.require_code({("80", "k"): kernel, ("90", "k"): kernel})
        with self.assertRaisesRegex(SystemExit, "no machine code of sm_80"):
            kernel_table.require_code({("90", "k"): kernel})

    def test_occupancy_falls_with_registers_and_shared_memory(self):
        self.assertEqual(kernel_binaries.occupancy("90", {"threads": 256, "registers": 64, "shared": 0}), 0.5)
        self.assertEqual(kernel_binaries.occupancy("80", {"threads": 256, "registers": 32, "shared": 81 * 1024}), 0.25)


if __name__ == "__main__":
    unittest.main()
