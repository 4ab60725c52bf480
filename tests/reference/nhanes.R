# R's answers on NHANES 2001-2006: Rscript tests/reference/nhanes.R EXTRACT.csv  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
tight <- glm.control(epsilon = 1e-14, maxit = 100)
data <- read.csv(commandArgs(trailingOnly = TRUE)[1])
data$below_20 <- as.integer(data$ria < 20)

# Forrest & Stuhldreher 2011: 2005-2006, examination weights.
examined <- svydesign(~psu, strata = ~stratum, weights = ~weight_mec, nest = TRUE,
                      data = data[data$cycle == 2005, ])
adults <- subset(examined, age >= 20 & !is.na(ria))
groups <- list(
  all = adults, under_65 = subset(adults, age < 65), over_64 = subset(adults, age >= 65),
  men = subset(adults, sex == "male"), women = subset(adults, sex == "female"),
  white = subset(adults, race == "awhite"), black = subset(adults, race == "black"),
  hispanic = subset(adults, race %in% c("mexican", "hispanic")),
  other = subset(adults, race == "other")
)
prevalence <- lapply(groups, function(d) {
  mean <- svymean(~below_20, d)
  beta <- attr(svyciprop(~below_20, d, method = "beta"), "ci")
  list(estimate = as.numeric(coef(mean)), std_error = as.numeric(SE(mean)), n = nrow(d),
       df = degf(d), beta_low = as.numeric(beta[1]), beta_high = as.numeric(beta[2]))
})

# Magnesium and vitamin D in adults, weights of the first recall over three cycles.
pooled <- svydesign(~psu, strata = ~stratum, weights = ~weight_diet, nest = TRUE, data = data)
cohort <- subset(pooled, age >= 20 & reliable == 1 & !is.na(vitamin_d))
model <- function(formula, family) {
  fit <- function(start = NULL) {
    svyglm(formula, cohort, family = family, control = tight, start = start)
  }
  m <- fit(coef(fit()))  # see README.md
  test <- regTermTest(m, ~race, method = "Wald", df = degf(m$survey.design))
  list(names = names(coef(m)), estimate = as.numeric(coef(m)), std_error = as.numeric(SE(m)),
       nobs = length(m$y), df = degf(m$survey.design), df_residual = m$df.residual,
       f = as.numeric(test$Ftest), p = as.numeric(test$p))
}
quartiles <- svyquantile(~magnesium, cohort, c(0.25, 0.5, 0.75), qrule = "math")$magnesium
answers <- list(
  versions = list(R = R.version.string, survey = as.character(packageVersion("survey"))),
  prevalence = prevalence,
  cohort = nrow(cohort),
  quartiles = list(estimate = quartiles[, 1], conf_low = quartiles[, 2], conf_high = quartiles[, 3]),
  binomial = model(below_20 ~ magnesium + age + sex + race + energy, quasibinomial()),
  gaussian = model(vitamin_d ~ magnesium + age + sex + race + energy + bmi, gaussian())
)
write_json17(answers, file.path(here, "nhanes.json"))
