# R's answers for deng_2013 cycle by cycle: Rscript tests/reference/across.R COHORT.csv
# COHORT.csv is what `python -m analysis cohort deng_2013 --write COHORT.csv` writes; it holds
# participants and is never committed. What this script writes are aggregates. See README.md.
suppressMessages({
  library(survey)
  library(metafor)
  library(jsonlite)
  library(splines)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
source(file.path(here, "people.R"))
cycles <- sort(unique(people$cycle))
dose <- "magnesium_total"
people$per <- people[[dose]] / 100
people$deficiency <- ifelse(people$vitamin_d_ria < 12, 1, ifelse(people$vitamin_d_ria >= 20, 0, NA))
people$everyone <- as.numeric(people$vitamin_d_ria < 12)
people$serum_25ohd <- people$vitamin_d
people$years <- (as.numeric(substr(people$cycle, 1, 4)) - 2001) / 10
people$cycle <- factor(people$cycle)
people$ages <- cut(people$age, c(20, 30, 40, 50, 60, 70, Inf), right = FALSE)

# Groups and knots of the people in `design`, put into `data`.
with_groups <- function(data, design) {
  cuts <- quantiles(design, 1:3 / 4, dose)
  data$group <- cut(data[[dose]], c(-Inf, cuts, Inf), labels = paste0("Q", 1:4))
  knots <- quantiles(design, c(0.05, 0.35, 0.65, 0.95), "vitamin_d_total")
  known <- !is.na(data$vitamin_d_total)
  curve <- matrix(NA, nrow(data), 3)
  curve[known, ] <- unclass(ns(data$vitamin_d_total[known], knots = knots[2:3],
                               Boundary.knots = knots[c(1, 4)]))
  for (i in 1:3) data[[paste0("curve", i)]] <- curve[, i]
  data
}
people <- with_groups(people, subset(survey_of(people), in_cohort))
# Weights of a run of one cycle: the pooled ones are a third of them.
people$weight <- people$weight * length(cycles)
terms <- paste(
  "age + sex + race_ethnicity + education + poverty_income_ratio + bmi + season + smoking +",
  "alcohol + physical_activity + I(energy / 100) + I(calcium_total / 100) + curve1 + curve2 +",
  "curve3"
)
family_of <- function(outcome) if (outcome == "serum_25ohd") gaussian() else quasibinomial()
fit <- function(outcome, first, design) {
  known <- subset(design, in_cohort & !is.na(get(outcome)))
  svyglm(as.formula(paste(outcome, "~", first, "+", terms)), known, family = family_of(outcome),
         control = glm.control(epsilon = 1e-14, maxit = 100))
}
of_term <- function(model, term) {
  df <- degf(model$survey.design)
  estimate <- unname(coef(model)[term])
  error <- unname(SE(model)[term])
  list(estimate = estimate, std_error = error, p = 2 * pt(-abs(estimate / error), df), df = df,
       n = nobs(model))
}
wald <- function(model, names) {
  beta <- coef(model)[names]
  f <- drop(beta %*% solve(vcov(model)[names, names], beta)) / length(names)
  df <- degf(model$survey.design)
  list(statistic = f, p = pf(f, length(names), df, lower.tail = FALSE))
}
pooled <- function(found) {
  y <- sapply(found, `[[`, "estimate")
  v <- sapply(found, `[[`, "std_error")^2
  fixed <- rma(y, v, method = "FE")
  random <- rma(y, v, method = "PM", test = "adhoc", control = list(tol = 1e-14, maxiter = 10000))
  list(fixed = c(fixed$beta, fixed$se, fixed$ci.lb, fixed$ci.ub),
       random = c(random$beta, random$se, random$ci.lb, random$ci.ub),
       q = c(random$QE, random$QEp), tau2 = random$tau2, i2 = random$I2 / 100)
}
alone <- lapply(setNames(cycles, cycles), function(c) survey_of(people[people$cycle == c, ]))
whole <- survey_of(people)
of_outcome <- function(outcome) {
  highest <- lapply(cycles, function(c) of_term(fit(outcome, "group", alone[[c]]), "groupQ4"))
  per <- lapply(cycles, function(c) of_term(fit(outcome, "per", alone[[c]]), "per"))
  own <- lapply(cycles, function(c) {
    data <- with_groups(people[people$cycle == c, ], subset(alone[[c]], in_cohort))
    of_term(fit(outcome, "group", survey_of(data)), "groupQ4")
  })
  groups <- fit(outcome, "group * cycle", whole)
  line <- fit(outcome, "per * cycle", whole)
  list(
    outcome = outcome, cycles = cycles, highest = highest, per = per, own = own,
    pooled_highest = pooled(highest), pooled_per = pooled(per),
    one_model = list(of_term(fit(outcome, "group", whole), "groupQ4"),
                     of_term(fit(outcome, "per", whole), "per")),
    by_group = wald(groups, grep("^groupQ4:cycle", names(coef(groups)), value = TRUE)),
    by_dose = wald(line, grep("^per:cycle", names(coef(line)), value = TRUE))
  )
}
trend <- function(name, binary) {
  cohort <- subset(whole, in_cohort)
  family <- if (binary) quasibinomial() else gaussian()
  of <- function(terms) {
    svyglm(as.formula(paste(name, "~", terms)), cohort, family = family,
           control = glm.control(epsilon = 1e-14, maxit = 100))
  }
  means <- svyby(as.formula(paste("~", name)), ~cycle, cohort, svymean)
  # Beside the years one indicator is left of three cycles.
  bent <- of("years + I(cycle == '2003-2004')")
  list(
    name = name, means = unname(coef(means)), errors = unname(SE(means)),
    slope = of_term(of("years"), "years"), adjusted = of_term(of("years + ages + sex"), "years"),
    departure = wald(bent, names(coef(bent))[3])
  )
}
write_json17(
  list(R = R.version.string, survey = as.character(packageVersion("survey")),
       metafor = as.character(packageVersion("metafor")),
       outcomes = lapply(c("deficiency", "serum_25ohd"), of_outcome),
       trends = list(trend(dose, FALSE), trend("serum_25ohd", FALSE), trend("everyone", TRUE))),
  file.path(here, "across.json")
)
