#pragma once
#include <memory>

#include "tests/vgpu/src/ptx/ast.h"
namespace vgpu {
// Declarations of a whole module (function bodies are only located).
std::unique_ptr<Module> parse_module(std::string ptx);
// Statements of one function.
std::unique_ptr<Body> parse_body(const Module& m, const FuncDecl& f);
}  // namespace vgpu
