# R's answers where missing values take levels away: Rscript tests/reference/levels.R  (see README.md)
suppressMessages({
  library(survey)
  library(splines)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))

data <- read.csv(file.path(here, "designs", "plain.csv"))
# The first level, and the largest values of z, occur only where `incomplete` is missing.
absent <- is.na(data$incomplete)
data$level <- ifelse(absent, "0", data$group)
data$code <- match(data$level, c("0", "a", "b", "c"))
data$far <- data$z + ifelse(absent, 20, 0)
models <- list(
  text = y ~ incomplete + level,
  numbers = y ~ incomplete + factor(code),
  product = y ~ incomplete * level,
  knots = y ~ incomplete + level + bs(far, df = 4),
  centred = y ~ incomplete + level + scale(far, scale = FALSE)
)
whole <- svydesign(~psu, strata = ~stratum, weights = ~weight, data = data, nest = TRUE)
answers <- list()
for (domain in c("everyone", "patchy")) for (name in names(models)) {
  model <- svyglm(models[[name]], whole[data[[domain]] == 1, ])
  answers[[length(answers) + 1]] <- list(
    domain = domain, model = name, names = names(coef(model)),
    estimate = as.numeric(coef(model)), std_error = as.numeric(SE(model)))
}
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, answers = answers), file.path(here, "levels.json"))
