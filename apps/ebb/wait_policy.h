// How long OpenMP's threads spin while they wait for work.
#pragma once

#include <string>

namespace ebb::program {

/// Starts the program anew, once, with GOMP_SPINCOUNT set, unless the user has chosen a policy or
/// bound threads to processors. To be called first in main(). Returns when nothing is to be done or
/// the system refuses.
void settle_wait_policy(char** arguments);

/// The policy in force, for people.
std::string wait_policy();

}  // namespace ebb::program
