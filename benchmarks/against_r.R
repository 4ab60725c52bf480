# Times svyglm: Rscript benchmarks/against_r.R TASK FOLDER REPEATS  (run by against_r.py)
# TASK is "fit" (one model, REPEATS times) or "many" (the specifications of FOLDER/loop.json).
suppressMessages({
  library(survey)
  library(jsonlite)
})
arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(file.path(arguments[2], "survey.csv"))
task <- fromJSON(file.path(arguments[2], "task.json"), simplifyVector = FALSE)
design <- svydesign(~psu, strata = ~stratum, weights = ~weight, data = data, nest = TRUE)
fit <- function(formula, domain) {
  inside <- if (is.null(domain)) design else
    eval(bquote(subset(design, .(parse(text = domain)[[1]]))))
  svyglm(as.formula(formula), inside, family = quasibinomial())
}
elapsed <- function(expression) {
  spent <- system.time(expression)
  c(spent[["elapsed"]], spent[["user.self"]] + spent[["sys.self"]])
}
version <- paste0(R.version$major, ".", R.version$minor, ", survey ", packageVersion("survey"))
if (arguments[1] == "fit") {
  spent <- replicate(as.integer(arguments[3]), elapsed(model <<- fit(task$formula, NULL)))
  answer <- list(wall = median(spent[1, ]), processor = median(spent[2, ]),
                 coef = as.list(coef(model)), se = as.list(SE(model)))
} else {
  found <- list()
  spent <- elapsed(for (each in task$loop) {
    model <- fit(each$formula, each$domain)
    found[[each$name]] <- list(coef = coef(model)[[each$keep]], se = SE(model)[[each$keep]])
  })
  answer <- list(wall = spent[1], processor = spent[2], found = found)
}
cat(toJSON(c(answer, version = version), auto_unbox = TRUE, digits = NA))
