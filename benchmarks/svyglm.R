# Times svyglm on a CSV: Rscript benchmarks/svyglm.R SURVEY.csv REPEATS  (run by svyglm.py)
suppressMessages({
  library(survey)
  library(jsonlite)
})
arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(arguments[1])
design <- svydesign(~psu, strata = ~stratum, weights = ~weight, data = data, nest = TRUE)
covariates <- setdiff(names(data), c("stratum", "psu", "weight", "event", "score"))
time <- function(outcome, family) {
  formula <- as.formula(paste(outcome, "~", paste(covariates, collapse = " + ")))
  seconds <- replicate(as.integer(arguments[2]),
                       system.time(model <<- svyglm(formula, design, family = family))[["elapsed"]])
  list(seconds = seconds, coef = as.numeric(coef(model)), se = as.numeric(SE(model)))
}
cat(toJSON(list(
  version = paste0(R.version$major, ".", R.version$minor, ", survey ", packageVersion("survey")),
  binomial = time("event", quasibinomial()), gaussian = time("score", gaussian())
), auto_unbox = TRUE, digits = NA))
