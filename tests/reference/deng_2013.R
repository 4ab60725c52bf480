# R's answers for the whole of a study: Rscript tests/reference/deng_2013.R STUDY COHORT.csv
# STUDY is deng_2013 or deng_2013_total, COHORT.csv what `python -m analysis cohort STUDY --write
# COHORT.csv` writes; it holds participants and is never committed. What this script writes are
# aggregates. See README.md.
suppressMessages({
  library(survey)
  library(jsonlite)
  library(splines)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
arguments <- commandArgs(trailingOnly = TRUE)
study <- arguments[1]
people <- read.csv(arguments[2], stringsAsFactors = FALSE)
exposure <- c(deng_2013 = "magnesium_dietary", deng_2013_total = "magnesium_total")[[study]]
people$dose <- people[[exposure]]
people$in_cohort <- people$in_cohort == "True"

levels_of <- list(
  sex = c("Male", "Female"),
  race_ethnicity = c("Non-Hispanic White", "Non-Hispanic Black", "Mexican American",
                     "Other Hispanic", "Other, including multi-racial"),
  education = c("Less than 9th grade", "9th to 11th grade", "High school or equivalent",
                "Some college or associate degree", "College graduate or above"),
  season = c("May to October", "November to April"),
  smoking = c("Never", "Former", "Current"),
  alcohol = c("Never", "Former", "Light", "Moderate", "Heavy"),
  physical_activity = c("None", "Below 500 MET-min/week", "500 to below 1,000 MET-min/week",
                        "1,000 MET-min/week or more"))
for (name in names(levels_of)) people[[name]] <- factor(people[[name]], levels_of[[name]])

survey_of <- function() {
  svydesign(~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = people)
}
cohort <- subset(survey_of(), in_cohort)
quantiles <- function(design, shares, of = ~dose) {
  unname(svyquantile(of, design, shares, qrule = "math", ci = TRUE)[[1]][, 1])
}
cuts <- quantiles(cohort, c(0.25, 0.5, 0.75))
people$quartile <- cut(people$dose, c(-Inf, cuts, Inf), labels = paste0("Q", 1:4))
people$in_cohort <- people$in_cohort & !is.na(people$quartile)
cohort <- subset(survey_of(), in_cohort)
medians <- sapply(paste0("Q", 1:4), function(q) quantiles(subset(cohort, quartile == q), 0.5))
people$score <- unname(medians[as.character(people$quartile)])
people$hundred <- people$dose / 100
k <- people$vitamin_d_ria
people$deficiency <- ifelse(k < 12, 1, ifelse(k >= 20, 0, NA))
people$insufficiency <- ifelse(k >= 12 & k < 20, 1, ifelse(k >= 20, 0, NA))
people$low_status <- as.numeric(k < 20)
people$serum_25ohd <- people$vitamin_d
people$below_12 <- as.numeric(k < 12)
people$from_12_to_20 <- as.numeric(k >= 12 & k < 20)
knots <- quantiles(cohort, c(0.05, 0.35, 0.65, 0.95))
reference <- quantiles(cohort, 0.5)
ends <- quantiles(cohort, c(0.01, 0.99))
at <- seq(ends[1], ends[2], length.out = 81)[c(1, 8, 15, 22, 30, 40, 60, 81)]
basis <- function(x, k = knots) unclass(ns(x, knots = k[2:3], Boundary.knots = k[c(1, 4)]))
columns <- matrix(NA, nrow(people), 3)
known <- !is.na(people$dose)
columns[known, ] <- basis(people$dose[known])
for (i in 1:3) people[[paste0("b", i)]] <- columns[, i]
if (study == "deng_2013_total") {
  # Vitamin D intake as a spline: any basis of the same space gives the same model.
  intake <- basis(people$vitamin_d_total, quantiles(cohort, c(0.05, 0.35, 0.65, 0.95), ~vitamin_d_total))
  for (i in 1:3) people[[paste0("vitamin_d_", i)]] <- intake[, i]
}
cohort <- subset(survey_of(), in_cohort)

full <- paste("age + sex + race_ethnicity + education + poverty_income_ratio + bmi + season +",
              "smoking + alcohol + physical_activity + I(energy / 100)")
calcium <- "+ I(calcium_dietary / 100)"
models <- c(crude = "1", demographic = "age + sex + race_ethnicity", without_calcium = full,
            full = paste(full, calcium))
if (study == "deng_2013_total") {
  calcium <- "+ I(calcium_total / 100)"
  vitamin_d <- "+ vitamin_d_1 + vitamin_d_2 + vitamin_d_3"
  models <- c(models[1:2], without_both = full, without_vitamin_d = paste(full, calcium),
              without_calcium = paste(full, vitamin_d), full = paste(full, calcium, vitamin_d))
}
outcomes <- c("deficiency", "insufficiency", "low_status", "serum_25ohd")
tight <- glm.control(epsilon = 1e-14, maxit = 100)

fit <- function(outcome, exposure, covariates) {
  family <- if (outcome == "serum_25ohd") gaussian() else quasibinomial()
  formula <- as.formula(paste(outcome, "~", exposure, "+", covariates))
  design <- subset(cohort, !is.na(cohort$variables[[outcome]]))
  once <- function(start) svyglm(formula, design, family = family, control = tight, start = start)
  # Begun again at the solution, glm's working weights are those of the solution.
  once(coef(once(NULL)))
}

associations <- list()
for (outcome in outcomes) for (name in names(models)) {
  quartiles <- fit(outcome, "quartile", models[[name]])
  df <- degf(quartiles$survey.design)
  trend <- fit(outcome, "score", models[[name]])
  hundred <- fit(outcome, "hundred", models[[name]])
  rows <- paste0("quartileQ", 2:4)
  associations[[length(associations) + 1]] <- list(
    outcome = outcome, model = name, df = df, n = length(quartiles$y),
    quartile = unname(coef(quartiles)[rows]), quartile_se = unname(SE(quartiles)[rows]),
    quartile_p = unname(2 * pt(-abs(coef(quartiles)[rows] / SE(quartiles)[rows]), df)),
    trend = unname(coef(trend)["score"]), trend_se = unname(SE(trend)["score"]),
    trend_p = unname(2 * pt(-abs(coef(trend)["score"] / SE(trend)["score"]), df)),
    hundred = unname(coef(hundred)["hundred"]), hundred_se = unname(SE(hundred)["hundred"]))
}

# The curve by another basis of the same space: combined at the values of `at`, less the value at
# `reference`. The nonlinear part is tested beside a linear term.
curves <- lapply(outcomes, function(outcome) {
  model <- fit(outcome, "b1 + b2 + b3", models[["full"]])
  bent <- fit(outcome, "hundred + b2 + b3", models[["full"]])
  df <- degf(model$survey.design)
  shape <- basis(at) - basis(rep(reference, length(at)))
  rows <- paste0("b", 1:3)
  spread <- shape %*% vcov(model)[rows, rows] %*% t(shape)
  list(outcome = outcome, estimate = as.numeric(shape %*% coef(model)[rows]),
       std_error = sqrt(diag(spread)),
       p_overall = as.numeric(regTermTest(model, ~ b1 + b2 + b3, method = "Wald", df = df)$p),
       p_nonlinear = as.numeric(regTermTest(bent, ~ b2 + b3, method = "Wald", df = df)$p))
})

shares <- list()
for (event in c("below_12", "from_12_to_20", "low_status")) for (q in c("all", paste0("Q", 1:4))) {
  design <- if (q == "all") cohort else subset(cohort, quartile == q)
  # What svyciprop(method = "logit") does, but iterated to the last digits.
  odds <- function(start) {
    svyglm(as.formula(paste(event, "~ 1")), design, family = quasibinomial(), control = tight,
           start = start)
  }
  p <- odds(coef(odds(NULL)))
  half <- qt(0.975, degf(design)) * as.numeric(SE(p))
  m <- svymean(as.formula(paste("~", event)), design)
  shares[[length(shares) + 1]] <- list(
    event = event, group = q, estimate = as.numeric(m), std_error = as.numeric(SE(m)),
    conf_low = plogis(as.numeric(coef(p)) - half), conf_high = plogis(as.numeric(coef(p)) + half))
}

described <- list()
for (q in c("all", paste0("Q", 1:4))) for (name in c("age", "bmi", "energy", "vitamin_d")) {
  design <- if (q == "all") cohort else subset(cohort, quartile == q)
  m <- svymean(as.formula(paste("~", name)), design)
  v <- svyvar(as.formula(paste("~", name)), design)
  described[[length(described) + 1]] <- list(
    name = name, group = q, mean = as.numeric(m), std_error = as.numeric(SE(m)),
    sd = sqrt(as.numeric(v)))
}

write_json17(list(
  r = R.version.string, survey = as.character(packageVersion("survey")),
  people = sum(people$in_cohort), cuts = cuts, medians = unname(medians), at = at,
  reference = reference, knots = knots, associations = associations, curves = curves,
  shares = shares, described = described), file.path(here, paste0(study, ".json")))
