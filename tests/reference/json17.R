# Write JSON with 17 significant digits: toJSON stops at 15, which would cost the comparison two.
write_json17 <- function(value, path) {
  digits <- function(x) ifelse(is.finite(x), sprintf("%.17g", x), NA)
  value <- rapply(value, digits, classes = c("numeric", "integer"), how = "replace")
  text <- jsonlite::toJSON(value, auto_unbox = TRUE, na = "null", null = "null")
  text <- gsub('"(-?[0-9]+([.][0-9]+)?(e[+-][0-9]+)?)"', "\\1", text)
  writeLines(gsub("},{", "},\n{", text, fixed = TRUE), path)
}
