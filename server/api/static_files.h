#pragma once

#include <map>
#include <string>
#include <string_view>

#include "server/api/http_message.h"

namespace eir {

// The web client's files, read into memory once at the start: a request never touches the disk, so no path can leave
// the folder.
class StaticFiles {
 public:
  // Every .html, .js, .css, .svg and .ico below `folder`, but what is below its folder `except`. Throws
  // std::runtime_error if there is no index.html.
  static StaticFiles load(const std::string& folder, std::string_view except = {});
  // Where the files are: beside the installed program, or else where the program was built from.
  static std::string default_folder();

  // Pages are "/" (index.html) and "/j" (j.html); all else goes by its name. 304 if the client has it, 404 if we have
  // not. Compressed for who takes gzip: the files hold no secret and nothing of the request, so that what their length
  // tells (BREACH) is nothing.
  HttpAnswer answer(const HttpRequest& request) const;
  bool has(std::string_view path) const { return files_.find(path) != files_.end(); }

 private:
  struct File {
    std::string content_type;
    std::string body;
    std::string etag;
    // As gzip, with an ETag of its own (RFC 9110 section 8.8.3.3); both empty if that is not shorter.
    std::string packed;
    std::string packed_etag;
  };
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace eir
