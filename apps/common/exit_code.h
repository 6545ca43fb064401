#pragma once

#include "base/result.h"

/// sysexits(3), the codes every program of ours ends with.
namespace paraph::app {

inline constexpr int kOk = 0;
inline constexpr int kUsage = 64;
inline constexpr int kDataError = 65;
inline constexpr int kNoInput = 66;
inline constexpr int kSoftware = 70;
inline constexpr int kCannotCreate = 73;
inline constexpr int kIoError = 74;
inline constexpr int kTemporary = 75;
inline constexpr int kNoPermission = 77;
inline constexpr int kConfig = 78;

[[nodiscard]] int exit_code(const Error& error);

}  // namespace paraph::app
