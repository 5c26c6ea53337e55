// Counts calls of operator new, which this program replaces.
#pragma once

#include <cstddef>
#include <string>

namespace ebb::testing {

/// From construction to stop(), calls of operator new by any thread are counted, except those that
/// oneDNN makes: a vendor's library is not ours to keep from allocating.
class AllocationCounter {
 public:
  AllocationCounter();
  AllocationCounter(const AllocationCounter&) = delete;
  AllocationCounter& operator=(const AllocationCounter&) = delete;
  ~AllocationCounter() { stop(); }

  void stop();

  std::size_t ours() const;    // calls from our own code
  std::size_t vendor() const;  // calls from oneDNN
  /// Where our first calls came from: "program+0x1234", for addr2line.
  std::string callers() const;
};

}  // namespace ebb::testing
