# R's answers for quantile regression under replicate weights, on the made-up samples:
# Rscript tests/reference/quantile_regression.R  (see README.md)
suppressMessages({
  library(survey)
  library(quantreg)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
designs <- file.path(here, "designs")
source(file.path(here, "made_and_given.R"))

models <- list(
  median = list(formula = y ~ x + band + z, p = 0.5),
  quartiles = list(formula = y ~ x + band, p = c(0.25, 0.75)),
  missing = list(formula = y ~ incomplete * z, p = 0.9)
)

# Coefficients at all quantiles, one after the other. Simplex: "fn" stops at six digits.
coefficients_of <- function(model, data, weights, method = "br") {
  data$w <- weights
  data <- data[weights > 0, ]
  unlist(lapply(model$p, function(p) {
    coef(suppressWarnings(rq(model$formula, p, data, weights = w, method = method)))
  }))
}

answers <- list()
each_case(function(case, data, whole) {
  if (!inherits(whole, "svyrep.design")) return()
  for (domain in unlist(case$domains)) {
    for (name in names(models)) {
      model <- models[[name]]
      design <- whole[data[[domain]] == 1, ]
      if (name == "missing") design <- subset(design, !is.na(incomplete))
      each <- withReplicates(design, function(w, data) coefficients_of(model, data, w))
      interior <- coefficients_of(model, design$variables, weights(design, "sampling"), "fn")
      answers[[length(answers) + 1]] <<- list(
        case = case$case, domain = domain, estimator = name, names = names(interior),
        estimate = as.numeric(coef(each)), covariance = as.numeric(vcov(each)),
        interior = as.numeric(interior), df = degf(design),
        nobs = sum(weights(design, "sampling") > 0))
    }
  }
})
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")),
                 quantreg = as.character(packageVersion("quantreg")))
write_json17(list(versions = versions, answers = answers),
             file.path(here, "quantile_regression.json"))
