# R's answers for a dozen specifications of deng_2013's curve:
# Rscript tests/reference/deng_specifications.R COHORT.csv
# COHORT.csv is what `python -m analysis cohort deng_2013 --write COHORT.csv` writes; it holds
# participants and is never committed. What this script writes are aggregates. See README.md.
suppressMessages({
  library(survey)
  library(jsonlite)
  library(splines)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
source(file.path(here, "people.R"))
# By the alphabet, with other references than the program's: no answer may hang on them.
for (name in names(levels_of)) people[[name]] <- factor(as.character(people[[name]]))

choices <- list(
  vitamin_d = c("total", "supplements", "food", "none"),
  calcium = c("total", "none"),
  scale = c("ria", "today"),
  weight = c("dietary", "examination"),
  energy = c("standard", "residual", "density"),
  cut_points = c("weighted", "unweighted"),
  age = c("all", "known"),
  pregnancy = c("in", "out"),
  outliers = c("in", "out"),
  recalls = c("one", "one_late", "two"))
tight <- glm.control(epsilon = 1e-14, maxit = 100)

specified <- function(chosen, outcome) {
  two <- chosen$recalls == "two"
  weight <- if (chosen$weight == "examination") "weight_examination" else
    if (two) "weight_dietary_two_days" else "weight"
  people$w <- people[[weight]]
  inside <- people$in_cohort
  if (chosen$age == "known") inside <- inside & people$age < 80
  if (chosen$pregnancy == "out") inside <- inside & people$pregnancy == "Not pregnant"
  if (chosen$outliers == "out") {
    inside <- inside & people$magnesium_supplemental <= 1000 & people$vitamin_d_supplemental <= 100
  }
  if (chosen$recalls != "one") inside <- inside & people$cycle != "2001-2002"
  inside <- !is.na(inside) & inside & people$w > 0
  people$calories <- if (two) people$energy_two_days else people$energy
  people$calcium <- if (two) people$calcium_total_two_days else people$calcium_total
  dose <- if (two) people$magnesium_total_two_days else people$magnesium_total
  food <- dose - people$magnesium_supplemental
  known <- inside & !is.na(dose) & !is.na(people$calories)
  centre <- weighted.mean(people$calories[known], people$w[known])
  if (chosen$energy == "residual") {
    line <- lm(food ~ calories, people, weights = w, subset = known)
    dose <- dose - coef(line)[["calories"]] * (people$calories - centre)
  }
  if (chosen$energy == "density") {
    dose <- ifelse(people$calories > 0, food / people$calories * centre, NA) +
      people$magnesium_supplemental
  }
  # Sums of decimals: ties at a cut point must not be parted by the last bit.
  people$dose <- round(dose, 9)
  people$inside <- inside
  design <- subset(survey_of(people, ~w), inside)
  shares <- c(1, 2, 3) / 4
  cuts <- if (chosen$cut_points == "weighted") quantiles(design, shares, "dose") else
    quantile(people$dose[inside], shares, type = 1, na.rm = TRUE)
  people$group <- cut(people$dose, c(-Inf, cuts, Inf), labels = paste0("Q", 1:4))
  terms <- c("group", "age", "sex", "race_ethnicity", "education", "poverty_income_ratio", "bmi",
             "season", "smoking", "alcohol", "physical_activity", "I(calories / 100)")
  bent <- list(total = "vitamin_d_total", food = "vitamin_d_dietary")[[chosen$vitamin_d]]
  if (!is.null(bent)) {
    k <- quantiles(design, c(0.05, 0.35, 0.65, 0.95), bent)
    known <- !is.na(people[[bent]])
    for (i in 1:3) {
      people[[paste0("s", i)]] <- NA_real_
      people[[paste0("s", i)]][known] <-
        ns(people[[bent]][known], knots = k[2:3], Boundary.knots = k[c(1, 4)])[, i]
    }
    terms <- c(terms, "s1", "s2", "s3")
  }
  if (chosen$vitamin_d == "supplements") {
    terms <- c(terms, "vitamin_d_supplement", "I(vitamin_d_supplemental / 10)")
  }
  if (chosen$calcium == "total") terms <- c(terms, "I(calcium / 100)")
  level <- if (chosen$scale == "ria") people$vitamin_d_ria else people$vitamin_d
  low <- if (chosen$scale == "ria") 12 else 30
  high <- if (chosen$scale == "ria") 20 else 50
  event <- if (outcome == "deficiency") level < low else level >= low & level < high
  people$y <- ifelse(event, 1, ifelse(level >= high, 0, NA))
  design <- subset(survey_of(people, ~w), inside & !is.na(y))
  formula <- reformulate(terms, "y")
  once <- function(start) {
    svyglm(formula, design, family = quasibinomial(), control = tight, start = start)
  }
  # Begun again at the solution, glm's working weights are those of the solution.
  model <- once(coef(once(NULL)))
  df <- degf(model$survey.design)
  b <- coef(model)[["groupQ4"]]
  se <- SE(model)[["groupQ4"]]
  list(outcome = outcome,
       contrast = paste(names(chosen), unlist(chosen), sep = "=", collapse = "; "),
       estimate = b, std_error = se, df = df, p = 2 * pt(-abs(b / se), df),
       n = length(model$y), events = sum(model$y))
}

set.seed(2013)
answers <- lapply(1:16, function(i) {
  chosen <- lapply(choices, function(options) if (i == 1) options[1] else sample(options, 1))
  specified(chosen, c("deficiency", "insufficiency")[1 + i %% 2])
})
write_json17(list(r = R.version.string, survey = as.character(packageVersion("survey")),
                  specifications = answers),
             file.path(here, "deng_specifications.json"))
