# assets.cc includes the page's files by the assembler: it must know where they are and be made again when they change.
file(GLOB page_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/web/page/*)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/web/assets.cc PROPERTIES
  COMPILE_DEFINITIONS "FOVEA_WEB_FOLDER=\"${CMAKE_SOURCE_DIR}/src/web/page\"" OBJECT_DEPENDS "${page_files}")
