#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "list/list.h"
#include "sys/file_system.h"

/// The files of the certificate directory that stand for an address; for this module only.
namespace paraph::store {

/// What one file gave: certificates, or why none (`fault`), or neither when it is not there.
struct FileContent {
  std::string text;
  std::vector<cms::Certificate> certificates;
  std::string fault;
  bool absent = false;   ///< nothing could be read; `fault` says why, unless nothing is there
  bool hidden = false;   ///< the fault is that nobody lets us look
  bool refused = false;  ///< the fault is a key that we do not take (security rule 26)
};

class CertificateFiles {
 public:
  explicit CertificateFiles(std::shared_ptr<sys::FileSystem> fs) : fs_(std::move(fs)) {}

  /// Every name under which a certificate for this use may lie, the order always the same. Names that are too long for
  /// a file are left out.
  [[nodiscard]] static std::vector<std::string> names(std::string_view canonical_address,
                                                      list::CertificateUse use);
  struct Found {
    list::CertificateLookup lookup;
    std::string texts;  ///< with their names: what digest() is made of
    [[nodiscard]] std::string digest() const;
  };
  [[nodiscard]] Result<Found> find(std::string_view canonical_address, list::CertificateUse use);
  /// The digest alone: nothing is parsed.
  [[nodiscard]] Result<std::string> digest(std::string_view canonical_address,
                                           list::CertificateUse use);
  [[nodiscard]] Result<FileContent> read(const std::string& name);
  [[nodiscard]] sys::FileSystem& fs() { return *fs_; }

 private:
  [[nodiscard]] std::string fault_of(const Error& error, const std::string& name);
  [[nodiscard]] Result<FileContent> read_text(const std::string& name);
  void parse(const std::string& name, FileContent& content);

  struct Parsed {
    std::string text;
    std::vector<cms::Certificate> certificates;
  };
  std::shared_ptr<sys::FileSystem> fs_;
  std::map<std::string, Parsed> parsed_;  ///< by file name
};

}  // namespace paraph::store
