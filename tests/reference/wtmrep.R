# R's answers with the replicate weights of NHANES 1999-2000: Rscript tests/reference/wtmrep.R
# EXTRACT.csv  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
tight <- glm.control(epsilon = 1e-14, maxit = 100)
data <- read.csv(commandArgs(trailingOnly = TRUE)[1])

designs <- list(
  replicates = svrepdesign(data = data, weights = ~weight, repweights = "WTMREP[0-9]+",
                           type = "JK1", scale = 51 / 52, combined.weights = TRUE,
                           mse = FALSE),
  mse = svrepdesign(data = data, weights = ~weight, repweights = "WTMREP[0-9]+",
                    type = "JK1", scale = 51 / 52, combined.weights = TRUE, mse = TRUE),
  # Those who were not examined have weight 0: they are in the design, as in ours.
  linearised = svydesign(~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = data)
)

summarised <- function(stat, design) {
  list(estimate = as.numeric(coef(stat)), std_error = as.numeric(SE(stat)), df = degf(design),
       n = sum(weights(design, "sampling") > 0))
}

model <- function(formula, design, family) {
  fit <- function(start = NULL) {
    suppressWarnings(svyglm(formula, design, family = family, control = tight, start = start))
  }
  m <- fit(coef(fit()))  # see README.md
  list(names = names(coef(m)), estimate = as.numeric(coef(m)), std_error = as.numeric(SE(m)),
       df = degf(design), n = sum(weights(design, "sampling") > 0))
}

proportion <- function(design, method) {
  p <- svyciprop(~obese, design, method = method)
  c(summarised(p, design), list(conf_low = as.numeric(attr(p, "ci")[1]),
                                conf_high = as.numeric(attr(p, "ci")[2])))
}

estimators <- list(
  mean_height = function(d) {
    d <- subset(d, !is.na(height))
    summarised(svymean(~height, d), d)
  },
  mean_magnesium = function(d) {
    d <- subset(d, !is.na(magnesium))
    summarised(svymean(~magnesium, d), d)
  },
  total_obese = function(d) {
    d <- subset(d, !is.na(obese))
    summarised(svytotal(~obese, d), d)
  },
  proportion_logit = function(d) proportion(subset(d, !is.na(obese)), "logit"),
  proportion_beta = function(d) proportion(subset(d, !is.na(obese) & weight > 0), "beta"),
  gaussian = function(d) {
    model(bmi ~ age + male, subset(d, !is.na(bmi) & weight > 0), gaussian())
  },
  binomial = function(d) {
    d <- subset(d, !is.na(obese) & !is.na(magnesium) & weight > 0)
    model(obese ~ age + male + magnesium, d, quasibinomial())
  }
)
domains <- list(adults = quote(age >= 20), over_59 = quote(age >= 60))

answers <- list()
for (domain in names(domains)) {
  for (kind in names(designs)) {
    inside <- eval(domains[[domain]], data)
    for (name in names(estimators)) {
      answers[[length(answers) + 1]] <- c(
        list(design = kind, domain = domain, estimator = name),
        estimators[[name]](designs[[kind]][inside, ]))
    }
  }
}
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, people = nrow(data), scale = designs$replicates$scale,
                  answers = answers), file.path(here, "wtmrep.json"))
