# R's answers on the made-up samples: Rscript tests/reference/designs.R  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
source(file.path(here, "estimators.R"))

answers <- list()
for (case in fromJSON(file.path(here, "designs", "cases.json"), simplifyVector = FALSE)) {
  data <- read.csv(file.path(here, "designs", paste0(case$file, ".csv")))
  ids <- if (is.null(case$psu)) ~1 else as.formula(paste0("~", case$psu))
  strata <- if (is.null(case$strata)) NULL else as.formula(paste0("~", case$strata))
  for (rule in case$rules) {
    options(survey.lonely.psu = rule)
    whole <- svydesign(ids, strata = strata, weights = ~weight, data = data, nest = TRUE)
    for (domain in case$domains) {
      design <- whole[data[[domain]] == 1, ]
      for (name in names(estimators)) {
        answers[[length(answers) + 1]] <- c(
          list(case = case$case, rule = rule, domain = domain, estimator = name),
          estimators[[name]](design))
      }
    }
  }
}
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, answers = answers), file.path(here, "designs.json"))
