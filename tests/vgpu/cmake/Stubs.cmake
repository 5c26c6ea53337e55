# Functions of NVIDIA's libraries that the virtual GPU does not have are there all the same, so that
# programs link and start, and say their names when they are called.

# vgpu_read_symbols(FILE RESULT): the names in FILE, one a line.
function(vgpu_read_symbols file result)
  file(STRINGS ${file} symbols)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  set(${result} ${symbols} PARENT_SCOPE)
endfunction()

# vgpu_write_assembly(OUTPUT TEXT): a source file of nothing but assembly.
function(vgpu_write_assembly output text)
  file(CONFIGURE OUTPUT ${output} CONTENT "asm(R\"(\n.text\n${text})\");\n" @ONLY)
endfunction()

# vgpu_write_stubs(SYMBOLS HANDLER OUTPUT): a weak function for every name in the file SYMBOLS, which
# yields to the function of that name where a source defines one. It calls HANDLER with its name.
# The variants *_ptsz and *_ptds, for a default stream per thread, call the plain function.
function(vgpu_write_stubs symbols_file handler output)
  vgpu_read_symbols(${symbols_file} symbols)
  foreach(symbol ${symbols})
    string(REGEX REPLACE "_pt[sd][sz]$" "" plain ${symbol})
    string(APPEND text ".weak ${symbol}\n.type ${symbol},@function\n${symbol}:\n")
    if(plain IN_LIST symbols AND NOT plain STREQUAL symbol)
      string(APPEND text "  jmp ${plain}@PLT\n")
    else()
      string(APPEND text "  leaq 9f(%rip), %rdi\n  jmp ${handler}\n9: .asciz \"${symbol}\"\n")
    endif()
  endforeach()
  vgpu_write_assembly(${output} "${text}")
endfunction()

# vgpu_write_driver_stubs(SYMBOLS OUTPUT): a function for every name in the file SYMBOLS that looks
# itself up at its first call and jumps to what it found, or returns CUDA_ERROR_NOT_SUPPORTED (801).
function(vgpu_write_driver_stubs symbols_file output)
  vgpu_read_symbols(${symbols_file} symbols)
  foreach(symbol ${symbols})
    string(APPEND text ".globl ${symbol}\n.type ${symbol},@function\n${symbol}:
  endbr64
  movq 8f(%rip), %rax
  testq %rax, %rax
  jz 1f
  jmp *%rax
1: leaq 9f(%rip), %rax
  leaq 8f(%rip), %r11
  jmp vgpu_driver_call
9: .asciz \"${symbol}\"
.pushsection .data
.balign 8
8: .quad 0
.popsection\n")
  endforeach()
  # rax: the name, r11: where to keep the address. The argument registers outlive the look-up.
  string(APPEND text "vgpu_driver_call:
  pushq %rdi; pushq %rsi; pushq %rdx; pushq %rcx; pushq %r8; pushq %r9; pushq %r11
  movq %rax, %rdi
  movq %r11, %rsi
  call vgpu_driver_lookup
  popq %r11; popq %r9; popq %r8; popq %rcx; popq %rdx; popq %rsi; popq %rdi
  testq %rax, %rax
  jz 2f
  jmp *%rax
2: movl $801, %eax
  ret\n")
  vgpu_write_assembly(${output} "${text}")
endfunction()
