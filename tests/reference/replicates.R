# R's answers with replicate weights and with a finite population correction, on the made-up
# samples: Rscript tests/reference/replicates.R  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
source(file.path(here, "estimators.R"))
designs <- file.path(here, "designs")

source(file.path(here, "made_and_given.R"))

# Our n of a variance, and the rows that a model loses to missing values, are known to R only if
# they are out of the design beforehand.
estimators$variance <- function(d) {
  v <- svyvar(~y, subset(d, weight > 0))
  half <- qt(0.975, degf(d)) * as.numeric(SE(v))  # confint() has no answer for replicates
  list(estimate = as.numeric(v), std_error = as.numeric(SE(v)),
       conf_low = as.numeric(v) - half, conf_high = as.numeric(v) + half, df = degf(d))
}
for (name in c("gaussian_missing", "binomial_missing")) {
  local({
    fit <- estimators[[name]]
    estimators[[name]] <<- function(d) fit(subset(d, !is.na(incomplete)))
  })
}

answers <- list()
for (case in fromJSON(file.path(designs, "replicates.json"), simplifyVector = FALSE)) {
  data <- read.csv(file.path(designs, paste0(case$file, ".csv")))
  options(survey.lonely.psu = case$rule)
  whole <- if (is.null(case$factors)) made(case, data) else given(case, data)
  for (domain in case$domains) {
    design <- whole[data[[domain]] == 1, ]
    for (name in names(estimators)) {
      if (name %in% unlist(case$without)) next
      answers[[length(answers) + 1]] <- c(
        list(case = case$case, domain = domain, estimator = name), estimators[[name]](design))
    }
  }
}

# The scale of the bootstraps does not depend on what is drawn.
data <- read.csv(file.path(designs, "plain.csv"))
plain <- svydesign(~psu, strata = ~stratum, weights = ~weight, data = data, nest = TRUE)
scales <- list(
  bootstrap = as.svrepdesign(plain, type = "bootstrap", replicates = 80)$scale,
  subbootstrap = as.svrepdesign(plain, type = "subbootstrap", replicates = 80)$scale
)
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, scales = scales, answers = answers),
             file.path(here, "replicates.json"))
